//! Monitoring plugins for mail servers, Axigen first.
