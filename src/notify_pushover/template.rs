//! `--title-format` and `--message-format`: text with `{host}` and the like in it.

use std::str::FromStr;

use super::event::{Event, ObjectState};

/// What stands in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Symbol,
    Type,
    State,
    LastState,
    Host,
    Address,
    Service,
    Output,
    Author,
    Comment,
}

const FIELDS: [(&str, Field); 10] = [
    ("symbol", Field::Symbol),
    ("type", Field::Type),
    ("state", Field::State),
    ("last_state", Field::LastState),
    ("host", Field::Host),
    ("address", Field::Address),
    ("service", Field::Service),
    ("output", Field::Output),
    ("author", Field::Author),
    ("comment", Field::Comment),
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

/// A text with fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// Why a text is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// Not one of ours.
    #[error(
        "is not a format: {{{0}}} is not one of symbol, type, state, last_state, host, address, service, output, author, comment"
    )]
    Field(String),
    /// A brace without its counterpart.
    #[error("is not a format: it has an unmatched brace")]
    Brace,
}

impl FromStr for Template {
    type Err = TemplateError;

    /// `\n` is a line end, since the cores pass no real one.
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or(TemplateError::Brace)?;
            let known = FIELDS.iter().find(|(known, _)| *known == name);
            let (_, field) =
                known.ok_or_else(|| TemplateError::Field(name.chars().take(20).collect()))?;
            parts.push(Part::Text(before.replace("\\n", "\n")));
            parts.push(Part::Field(*field));
            rest = after;
        }
        parts.push(Part::Text(rest.replace("\\n", "\n")));
        Ok(Self(parts))
    }
}

impl Template {
    /// Whether nothing was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|part| *part == Part::Text(String::new()))
    }

    /// The text with the event's values; braces in these stay as they are.
    pub(super) fn fill(&self, event: &Event, symbol: &str, output: &str) -> String {
        let value = |field: Field| match field {
            Field::Symbol => symbol,
            Field::Type => event.kind.as_str(),
            Field::State => event.state.map_or("", ObjectState::as_str),
            Field::LastState => &event.last_state,
            Field::Host => &event.host_shown,
            Field::Address => &event.address,
            Field::Service => &event.service_shown,
            Field::Output => output,
            Field::Author => &event.author,
            Field::Comment => &event.comment,
        };
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Field(field) => value(*field),
        });
        parts.collect::<String>().trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_or_refused() {
        for text in ["", "plain", "{host}: {state}", "a{output}\\nb"] {
            assert!(text.parse::<Template>().is_ok(), "{text}");
        }
        assert!("".parse::<Template>().is_ok_and(|format| format.is_empty()));
        assert_eq!("{host".parse::<Template>(), Err(TemplateError::Brace));
        for text in ["{nonsense}", "{}", "{Host}", "{{host}}"] {
            assert!(matches!(text.parse::<Template>(), Err(TemplateError::Field(_))), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text: String) {
            let _ = text.parse::<Template>();
        }
    }
}
