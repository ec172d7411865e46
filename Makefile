# The ways to build, show, check and install the suite; what takes more than a line is a script.

PREFIX ?= /usr/local
CARGO ?= cargo
CARGO_TARGET_DIR ?= target

programs = $(basename $(notdir $(wildcard src/bin/*.rs)))
release = $(CARGO_TARGET_DIR)/release
share = $(DESTDIR)$(PREFIX)/share

.PHONY: all demo test lab pictures soak release-check package-check deny bench install

# The programs, as they are installed.
all:
	packaging/build-bin.sh

# Every program on a stand-in of what it watches: command, output, exit code. Built as for the tests, which begin with
# the same crates, and without the link-time optimisation that only an installed program needs.
demo:
	$(CARGO) build --locked --bins --examples
	examples/demo.sh

# Everything that must hold before a commit. As root on Debian it installs what it needs.
test:
	tests/setup.sh
	tests/run.sh

# What is too heavy for every commit: tests marked `#[ignore = "lab: ..."]`.
lab: all packages
	tests/setup.sh nmap:nmap sslscan:sslscan openssl:openssl gnutls-cli:gnutls-bin curl:curl python3:python3 bindfs:bindfs
	tests/lab.sh

# The pictures of the docs, by the programs of `make demo` in an Icinga of Debian's. As root on Debian; look at them before
# you commit them: CONTRIBUTING.md
pictures:
	$(CARGO) build --locked --bins --examples
	tests/lab/pictures.sh

# Thousands of faults, kills and crashes, which `make lab` samples: docs/soak.md
soak: all packages
	tests/setup.sh systemd-nspawn:systemd-container
	tests/soak.sh

# What is done before a release besides `make test`.
release-check: lab soak package-check

# Of it what is about packages: docs/release-check.md
package-check: release
	tests/setup.sh
	packaging/setup.sh reprepro:reprepro gpg:gpg qemu-aarch64-static:qemu-user-static arch-test:arch-test
	tests/lab/packages.sh $(release-packages)
	tests/lab/systems.sh $(release-packages)

# Licences, banned crates and sources of the dependencies.
deny:
	$(CARGO) deny --locked check licenses bans sources

# Our speed beside that of find, curl, other TLS scanners, and bare loops.
bench:
	$(CARGO) bench --locked

# Needs `make` first, so that installing as root compiles nothing.
install:
	for program in $(programs); do \
	  install -D -m 755 $(release)/$$program $(DESTDIR)$(plugindir)/$$program && \
	  install -D -m 644 man/$$program.1 $(share)/man/man1/$$program.1 && \
	  install -D -m 644 packaging/completions/$$program.bash $(share)/bash-completion/completions/$$program && \
	  install -D -m 644 packaging/completions/_$$program $(DESTDIR)$(zshdir)/_$$program && \
	  install -D -m 644 packaging/completions/$$program.fish $(share)/fish/vendor_completions.d/$$program.fish \
	  || exit; \
	done
	# No check, so people type it.
	install -d $(DESTDIR)$(PREFIX)/bin
	ln -sfr $(DESTDIR)$(plugindir)/notify_pushover $(DESTDIR)$(PREFIX)/bin/notify_pushover
	install -D -m 644 man/pushover.toml.5 $(share)/man/man5/pushover.toml.5
	for file in config/pushover.toml config/channel/pushover.toml \
	  $(patsubst packaging/%,%,$(wildcard packaging/systemd/*)) tmpfiles.d/monitoring-plugins-axigen.conf; do \
	  install -D -m 644 packaging/$$file $(share)/monitoring-plugins-axigen/$$file || exit; \
	done
	install -D -m 644 packaging/report.schema.json $(share)/monitoring-plugins-axigen/report.schema.json

include packaging/packages.mk
