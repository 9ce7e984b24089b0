//! Configurations with a number that text forms such as TOML know and JSON does not: NaN and the infinities.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// A JSON value in which the numbers at some places are what JSON cannot say.
#[derive(Clone, Debug)]
pub(super) enum Poisoned {
    /// As it is.
    Plain(Value),
    /// An object.
    Table(Vec<(String, Poisoned)>),
    /// A number that is not finite.
    Number(f64),
}

impl Poisoned {
    /// `value` with the number at `path` replaced.
    pub fn new(value: &Value, path: &[String], number: f64) -> Self {
        let Some((first, rest)) = path.split_first() else {
            return Self::Number(number);
        };
        let entry = |(key, inner): (&String, &Value)| {
            let inner = if key == first { Self::new(inner, rest, number) } else { Self::Plain(inner.clone()) };
            (key.clone(), inner)
        };
        match value {
            Value::Object(table) => Self::Table(table.iter().map(entry).collect()),
            other => Self::Plain(other.clone()),
        }
    }
}

impl<'de> IntoDeserializer<'de> for Poisoned {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Poisoned {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Number(number) => visitor.visit_f64(number),
            Self::Table(entries) => visitor.visit_map(MapDeserializer::new(entries.into_iter())),
            Self::Plain(Value::Null) => visitor.visit_unit(),
            Self::Plain(Value::Bool(value)) => visitor.visit_bool(value),
            Self::Plain(Value::String(value)) => visitor.visit_string(value),
            Self::Plain(Value::Number(value)) => match (value.as_u64(), value.as_i64(), value.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                _ => visitor.visit_unit(),
            },
            Self::Plain(Value::Array(values)) => {
                visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(Self::Plain)))
            }
            Self::Plain(Value::Object(table)) => {
                let entries = table.into_iter().map(|(key, value)| (key, Self::Plain(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize)]
    struct Inner {
        weight: f64,
    }
    #[derive(Deserialize)]
    struct Outer {
        inner: Inner,
        name: String,
    }

    #[test]
    fn a_number_deep_inside_is_replaced() {
        let value = json!({"inner": {"weight": 1.0}, "name": "n"});
        let path = ["inner".to_string(), "weight".to_string()];
        let read = Outer::deserialize(Poisoned::new(&value, &path, f64::NAN)).unwrap();
        assert!(read.inner.weight.is_nan() && read.name == "n");
    }
}
