//! How a function says that its tables are kept: the settings of `@bw.model(…)` that models in SQL have, too.
//!
//! Only that they are texts is looked at here; what the texts mean is the same for every model.

use bywash_core::Place;

use super::Reader;
use super::constant::Text;
use super::keywords::Keywords;

/// What one setting says, and where it is written.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its texts, each with its place.
    pub texts: Vec<Text>,
    /// Where the setting stands.
    pub place: Place,
}

/// How the tables of a function are kept; absent is what it does not say.
#[derive(Clone, Debug, Default)]
pub struct Upkeep {
    /// Whether they are written anew or from new rows.
    pub kind: Option<Text>,
    /// The columns that tell rows apart.
    pub unique_key: Option<Setting>,
    /// Which row of a key is the last.
    pub order_by: Option<Setting>,
    /// The tables whose new rows suffice.
    pub incremental_from: Option<Setting>,
    /// The tables whose changes do not count.
    pub static_inputs: Option<Setting>,
    /// How files are cut.
    pub partition_by: Option<Setting>,
}

impl Reader<'_> {
    pub(super) fn upkeep(&self, keywords: &mut Keywords<'_>) -> Upkeep {
        let mut read = |name: &'static str, like: &str| {
            keywords.read(name, |value| {
                let texts = self.texts(value, &format!("`{name}`"), like)?;
                Ok(Setting { texts, place: self.place(&value.span) })
            })
        };
        Upkeep {
            unique_key: read("unique_key", "unique_key=[\"flight_id\"]"),
            order_by: read("order_by", "order_by=[\"time_hour\"]"),
            incremental_from: read("incremental_from", "incremental_from=[\"raw.flights\"]"),
            static_inputs: read("static", "static=[\"raw.airlines\"]"),
            partition_by: read("partition_by", "partition_by=[\"month(day)\"]"),
            kind: keywords.read("kind", |value| self.text(value, "`kind`", "kind=\"table\"")),
        }
    }
}
