//! What every noun's commands and events have in common. The matches are exhaustive: a variant without a name or
//! without an instant does not compile.

/// Stable names of variants, the same that JSON shows in `type`.
macro_rules! names {
    ($type:ident: $($variant:ident $name:literal),+ $(,)?) => {
        impl $type {
            /// The stable name, as JSON shows it.
            pub fn name(&self) -> &'static str {
                match self { $( $type::$variant { .. } => $name, )+ }
            }
        }
    };
}

/// From when an event is effective.
macro_rules! effective {
    ($type:ident: $($variant:ident)+) => {
        impl $type {
            /// From when it is effective.
            pub fn effective_at(&self) -> jiff::Timestamp {
                match self { $( $type::$variant { at, .. } => *at, )+ }
            }
        }
    };
}
