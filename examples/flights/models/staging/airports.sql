-- ---
-- kind: view
-- description: Airports by their three-letter FAA code, with the four that the source misses.
-- tags: [reference]
-- ---
-- Every airport a flight can start from or go to.
--
-- The published list misses the four airports of Puerto Rico and the Virgin Islands that New York
-- flies to (7,602 flights). They are kept by hand in seeds/missing_airports.csv; without them the
-- test "every destination is a known airport" in staging.yml fails.
select
    faa,
    name,
    lat as latitude,
    lon as longitude,
    alt as altitude_feet,
    tzone as time_zone
from raw.airports
union all
select
    faa,
    name,
    lat as latitude,
    lon as longitude,
    alt as altitude_feet,
    tzone as time_zone
from seeds.missing_airports
