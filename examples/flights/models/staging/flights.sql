-- ---
-- kind: incremental
-- incremental_from: [raw.flights]
-- static: [seeds.airlines]
-- description: One row per scheduled flight out of EWR, JFK or LGA.
-- tags: [core]
-- ---
-- Every scheduled departure from New York, cleaned, with the one definition all marts share:
-- a flight is *spoiled* when it leaves 30 minutes late or more, or not at all.
--
-- Only new rows of raw.flights are read: when sources/raw.yml names one more file, the next run works
-- on that file alone. The airlines' names are `static`: a change of a name alone does not rewrite a
-- year of flights (`--full-refresh` does).
select
    concat(f.carrier, f.flight, ' ', f.origin, ' ', make_date(f.year, f.month, f.day)) as flight_id,
    make_date(f.year, f.month, f.day) as flight_date,
    f.time_hour as scheduled_hour_utc,
    f.hour as scheduled_hour,
    f.hour * 60 + f.minute as scheduled_minute_of_day,
    f.origin,
    f.dest,
    f.distance as distance_miles,
    f.carrier,
    regexp_replace(a.name, ' (Inc\.|Co\.|Corporation)$', '') as airline,
    f.flight as flight_number,
    f.tailnum,
    f.dep_delay as departure_delay,
    f.arr_delay as arrival_delay,
    case
        when f.dep_time is null then 'cancelled'
        when f.arr_delay is null then 'diverted'
        else 'flown'
    end as status,
    f.dep_delay is null or f.dep_delay >= 30 as spoiled
from raw.flights as f
left join seeds.airlines as a on a.carrier = f.carrier
-- One row is no flight for passengers: Newark to LaGuardia, 17 miles, at 1 in the night.
where f.dest not in ('EWR', 'JFK', 'LGA')
