//! Requests and answers of Icinga Notifications, in both forms it has had. Pure.
//!
//! That of v0.2.0 is "inspired by JSON-RPC"; the one of the next release is JSON-RPC 2.0
//! (<https://icinga.com/docs/icinga-notifications/latest/doc/10-Channels/>). The key `jsonrpc` tells them apart.

use serde_json::{Value, json};

/// Which form a request has, and so its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// That of v0.2.0.
    #[default]
    Plain,
    /// JSON-RPC 2.0.
    JsonRpc,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) form: Form,
    /// To be repeated in the answer; without one nobody waits for an answer.
    pub(super) id: Option<Value>,
    pub(super) method: String,
    /// Null when there are none.
    pub(super) params: Value,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) kind: ObjectionKind,
    pub(super) message: String,
}

/// Kinds of refusals, as JSON-RPC 2.0 tells them apart (section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectionKind {
    /// No JSON.
    Parse,
    /// JSON, but no request.
    Request,
    /// A method that is not known.
    Method,
    /// Parameters that are of no use.
    Params,
    /// Whatever went wrong while it was done.
    Internal,
}

impl Objection {
    pub(super) fn new(kind: ObjectionKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    fn code(&self) -> i32 {
        match self.kind {
            ObjectionKind::Parse => -32700,
            ObjectionKind::Request => -32600,
            ObjectionKind::Method => -32601,
            ObjectionKind::Params => -32602,
            ObjectionKind::Internal => -32603,
        }
    }
}

/// A value that is no request: what to answer with which id, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NoRequest {
    pub(super) form: Form,
    pub(super) id: Value,
    /// `None` for an answer, to which there is none.
    pub(super) refusal: Option<Objection>,
}

/// Reads a request.
pub(super) fn read(value: Value) -> Result<Request, NoRequest> {
    let wrong = |form, id, message: &str| NoRequest {
        form,
        id,
        refusal: Some(Objection::new(ObjectionKind::Request, message)),
    };
    let Value::Object(mut parts) = value else {
        return Err(wrong(Form::JsonRpc, Value::Null, "not a JSON object"));
    };
    let version = parts.remove("jsonrpc");
    let form = if version.is_some() { Form::JsonRpc } else { Form::Plain };
    let id = match (parts.remove("id"), form) {
        (Some(id @ (Value::Null | Value::Number(_) | Value::String(_))), _) => Some(id),
        (Some(_), _) => {
            return Err(wrong(form, nobody(form), "id is neither a number nor a string"));
        }
        (None, Form::JsonRpc) => None,
        (None, Form::Plain) => Some(nobody(form)),
    };
    let known = id.clone().unwrap_or(Value::Null);
    if version.is_some_and(|version| version != "2.0") {
        return Err(wrong(form, known, "jsonrpc is not \"2.0\""));
    }
    let Some(Value::String(method)) = parts.remove("method") else {
        if parts.contains_key("result") || parts.contains_key("error") {
            return Err(NoRequest { form, id: known, refusal: None });
        }
        return Err(wrong(form, known, "method is missing"));
    };
    Ok(Request { form, id, method, params: parts.remove("params").unwrap_or_default() })
}

/// The id of whoever cannot be named.
pub(super) fn nobody(form: Form) -> Value {
    match form {
        // Ids are numbers there, counted from 1.
        Form::Plain => json!(0),
        Form::JsonRpc => Value::Null,
    }
}

/// The answer to a request, in one line.
pub(super) fn answer(form: Form, id: &Value, result: &Result<Value, Objection>) -> String {
    let answer = match (form, result) {
        (Form::Plain, Ok(Value::Null)) => json!({ "id": id }),
        (Form::Plain, Ok(result)) => json!({ "id": id, "result": result }),
        (Form::Plain, Err(refusal)) => json!({ "id": id, "error": refusal.message }),
        (Form::JsonRpc, Ok(result)) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        (Form::JsonRpc, Err(refusal)) => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": refusal.code(), "message": refusal.message },
        }),
    };
    answer.to_string()
}

/// How much a message for the daemon's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Warn,
    Error,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A message for the daemon's log, in JSON-RPC 2.0; the other form has none.
pub(super) fn log(level: Level, message: &str) -> String {
    let params = json!({ "level": level.as_str(), "message": message });
    json!({ "jsonrpc": "2.0", "method": "channel::Log", "params": params }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_told_apart_by_one_key() {
        let plain = read(json!({ "method": "GetInfo", "id": 1, "new": [] })).unwrap();
        assert_eq!(
            (plain.form, plain.id, plain.params),
            (Form::Plain, Some(json!(1)), json!(null))
        );
        let call = json!({ "jsonrpc": "2.0", "method": "SetConfig", "params": {}, "id": "x" });
        let call = read(call).unwrap();
        assert_eq!((call.form, call.id, call.params), (Form::JsonRpc, Some(json!("x")), json!({})));
        let notice = read(json!({ "jsonrpc": "2.0", "method": "SetConfig" })).unwrap();
        assert_eq!(notice.id, None);
    }

    #[test]
    fn what_is_no_request_is_answered_in_its_own_form() {
        for (value, form, id, answered) in [
            (json!([]), Form::JsonRpc, json!(null), true),
            (json!({}), Form::Plain, json!(0), true),
            (json!({ "id": 7 }), Form::Plain, json!(7), true),
            (json!({ "id": 7, "method": 8 }), Form::Plain, json!(7), true),
            (json!({ "id": {}, "method": "GetInfo" }), Form::Plain, json!(0), true),
            (json!({ "jsonrpc": 2, "id": 7, "method": "GetInfo" }), Form::JsonRpc, json!(7), true),
            (json!({ "jsonrpc": "2.0", "id": 7, "result": null }), Form::JsonRpc, json!(7), false),
            (json!({ "id": 7, "error": "unknown" }), Form::Plain, json!(7), false),
        ] {
            let found = read(value.clone()).unwrap_err();
            let seen = (found.form, found.id, found.refusal.is_some());
            assert_eq!(seen, (form, id, answered), "{value}");
        }
    }

    #[test]
    fn answers_have_the_form_of_the_request() {
        let refused = Err(Objection::new(ObjectionKind::Method, "no"));
        for (form, result, expected) in [
            (Form::Plain, &Ok(json!(null)), r#"{"id":2}"#),
            (Form::Plain, &Ok(json!({})), r#"{"id":2,"result":{}}"#),
            (Form::Plain, &refused, r#"{"error":"no","id":2}"#),
            (Form::JsonRpc, &Ok(json!(null)), r#"{"id":2,"jsonrpc":"2.0","result":null}"#),
            (
                Form::JsonRpc,
                &refused,
                r#"{"error":{"code":-32601,"message":"no"},"id":2,"jsonrpc":"2.0"}"#,
            ),
        ] {
            assert_eq!(answer(form, &json!(2), result), expected);
        }
    }
}
