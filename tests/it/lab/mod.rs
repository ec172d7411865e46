//! What is too heavy for every commit: real cores, heavy or very old servers, other scanners.

mod acknowledge;
mod cores;
mod director;
mod example_shapes;
mod hanging;
mod openmetrics;
mod smtp_accept;
mod smtp_canary;
mod smtp_forced_tls;
mod smtp_lacks;
mod smtp_malware;
mod smtp_malware_scanners;
mod smtp_remedies;
mod smtp_tls;
mod smtp_tls_oracle;
mod smtp_tls_remedies;
mod smtp_tls_scanners;
mod systemd;
mod web;
mod zabbix;
