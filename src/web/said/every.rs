//! Values of a type, one for each choice that it leaves open: so that a test meets what nobody has thought of yet.
//!
//! A type that can be read back tells its variants to whoever reads it; here the reader is asked for one after the other. All
//! choices together would be too many: so many at once are others than the first.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess,
    VariantAccess, Visitor,
};

/// Every text: an address is one, too.
pub const TEXT: &str = "odile@relais.example";

/// Why a value cannot be made.
pub type Error = de::value::Error;

/// Values of a type in which at most `others` choices are not the first.
pub fn every<T: DeserializeOwned>(others: usize) -> Vec<T> {
    let (mut values, mut scripts) = (Vec::new(), vec![Vec::new()]);
    while let Some(script) = scripts.pop() {
        let mut choices = Choices {
            script,
            met: Vec::new(),
        };
        let value = T::deserialize(&mut choices);
        values.push(value.unwrap_or_else(|e| panic!("{:?}: {e}", choices.script)));
        if choices.script.iter().filter(|c| **c > 0).count() == others {
            continue;
        }
        for at in choices.script.len()..choices.met.len() {
            for other in 1..choices.met[at] {
                let mut script = choices.script.clone();
                script.resize(at, 0);
                script.push(other);
                scripts.push(script);
            }
        }
    }
    values
}

/// What is chosen, and among how many.
struct Choices {
    script: Vec<usize>,
    met: Vec<usize>,
}

impl Choices {
    fn choose(&mut self, of: usize) -> usize {
        self.met.push(of);
        self.script.get(self.met.len() - 1).copied().unwrap_or(0)
    }
}

/// So many fields or elements.
struct Elements<'c>(&'c mut Choices, usize);

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.1.checked_sub(1) else {
            return Ok(None);
        };
        self.1 = left;
        seed.deserialize(&mut *self.0).map(Some)
    }
}

/// A variant, by its name.
struct Variant<'c>(&'c mut Choices, &'static str);

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.1.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements(self.0, len))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements(self.0, fields.len()))
    }
}

/// What is always the same.
macro_rules! always {
    ($($asked:ident $visited:ident $value:expr;)+) => {$(
        fn $asked<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visited($value)
        }
    )+};
}

impl<'de> Deserializer<'de> for &mut Choices {
    type Error = Error;

    always! {
        deserialize_i8 visit_i8 7;
        deserialize_i16 visit_i16 7;
        deserialize_i32 visit_i32 7;
        deserialize_i64 visit_i64 7;
        deserialize_u8 visit_u8 7;
        deserialize_u16 visit_u16 7;
        deserialize_u32 visit_u32 7;
        deserialize_u64 visit_u64 7;
        deserialize_f32 visit_f32 0.5;
        deserialize_f64 visit_f64 0.5;
        deserialize_char visit_char 'o';
        deserialize_str visit_str TEXT;
        deserialize_string visit_str TEXT;
        deserialize_bytes visit_bytes &[7];
        deserialize_byte_buf visit_bytes &[7];
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.choose(2) == 1)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.choose(2) {
            0 => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let many = [1, 0, 2][self.choose(3)];
        visitor.visit_seq(Elements(self, many))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements(self, len))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements(self, len))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements(self, fields.len()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let chosen = variants[self.choose(variants.len())];
        visitor.visit_enum(Variant(self, chosen))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("a type that does not say what it is"))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }
}

#[test]
fn every_choice_is_met_and_no_more_others_at_once_than_asked() {
    use std::collections::BTreeSet;
    #[derive(serde::Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Of {
        Plain,
        One(bool),
        Named { some: Option<bool>, many: Vec<u8> },
    }
    let all: BTreeSet<Of> = every(1).into_iter().collect();
    let named = |some, many: &[u8]| Of::Named {
        some,
        many: many.to_vec(),
    };
    let wanted = BTreeSet::from([Of::Plain, Of::One(false), named(None, &[7])]);
    assert_eq!(all, wanted);
    let all: BTreeSet<Of> = every(3).into_iter().collect();
    for more in [
        Of::One(true),
        named(Some(false), &[]),
        named(Some(true), &[7]),
        named(None, &[7, 7]),
    ] {
        assert!(all.contains(&more), "{more:?}");
    }
    assert!(!all.contains(&named(Some(true), &[])), "four at once");
}
