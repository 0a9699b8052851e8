//! Sealing and verifying as a whole: the corpus, round trips, what others say of our files.

mod corpus;
mod others;
mod round_trip;
mod scene;
mod schema;
