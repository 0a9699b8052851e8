//! Put a seal on a document; say what a sealed document proves.
