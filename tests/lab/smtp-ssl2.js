// A mail server with STARTTLS for Node.js 0.10.32, the last that speaks SSLv2.
//
//   node smtp-ssl2.js KEY CERTIFICATE METHOD CIPHERS     METHOD as SSLv23_method; prints its port
var crypto = require('crypto'), fs = require('fs'), net = require('net'), tls = require('tls');
var args = process.argv.slice(2);
var credentials = crypto.createCredentials({
  key: fs.readFileSync(args[0]), cert: fs.readFileSync(args[1]), secureProtocol: args[2], ciphers: args[3]
});

function converse(stream, greets, secure) {
  var rest = '';
  if (greets) stream.write('220 legacy.lab.test\r\n');
  stream.on('data', function (data) {
    if (rest === null) return;
    rest += data.toString('binary');
    var end;
    while (rest !== null && (end = rest.indexOf('\n')) >= 0) {
      var word = rest.slice(0, end).trim().split(' ')[0].toUpperCase();
      rest = rest.slice(end + 1);
      if (word === 'EHLO') stream.write(secure ? '250-legacy.lab.test\r\n250 STARTTLS\r\n' : '250 legacy.lab.test\r\n');
      else if (word === 'QUIT') stream.end('221 bye\r\n');
      else if (word === 'STARTTLS' && secure) { rest = null; stream.removeAllListeners('data'); secure(); }
      else stream.write('250 ok\r\n');
    }
  });
}

var server = net.createServer(function (socket) {
  socket.on('error', function () {});
  converse(socket, true, function () {
    var pair = tls.createSecurePair(credentials, true, false, false);
    pair.on('error', function () { socket.destroy(); });
    pair.cleartext.on('error', function () {});
    pair.encrypted.on('error', function () {});
    socket.write('220 go\r\n');
    pair.encrypted.pipe(socket);
    socket.pipe(pair.encrypted);
    converse(pair.cleartext, false, null);
  });
});
server.listen(0, '127.0.0.1', function () { console.log(server.address().port); });
