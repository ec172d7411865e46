//! `check_mail_domain` in signed zones of its own, with mail servers behind their names.

mod verdicts;
