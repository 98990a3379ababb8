-- ---
-- partition_by: [month(flight_date)]
-- cluster_by: [origin, scheduled_hour]
-- description: One row per scheduled departure with its weather, its plane, and that plane's day so far.
-- tags: [core]
-- ---
-- The wide table that every other mart reads: each departure beside what might have spoiled it.
--
-- Was the plane itself late? The data only holds flights out of New York, so the nearest witness
-- is the plane's earlier trip out of New York on the same day: how late did it land at the far end?
-- Two trips of one plane within two hours are a mistake in the records (nobody flies out and back
-- that fast), and a missing tail number is no plane; both count as "earlier trip not known".
with trips as (
    select
        *,
        lag(flight_date) over plane_log as previous_date,
        lag(scheduled_minute_of_day) over plane_log as previous_minute_of_day,
        lag(arrival_delay) over plane_log as previous_arrival_delay
    from staging.flights
    window plane_log as (
        partition by tailnum
        order by flight_date, scheduled_minute_of_day, flight_id
    )
)
select
    t.flight_id,
    t.flight_date,
    t.scheduled_hour_utc,
    t.scheduled_hour,
    t.origin,
    t.dest,
    d.name as dest_name,
    t.distance_miles,
    t.carrier,
    t.airline,
    t.tailnum,
    p.manufacturer,
    date_part('year', t.flight_date) - p.built_year as plane_age_years,
    p.seats,
    w.conditions,
    w.visibility_miles,
    w.precipitation_inches,
    w.wind_mph,
    case
        when t.tailnum is not null
            and t.previous_date = t.flight_date
            and t.scheduled_minute_of_day - t.previous_minute_of_day >= 120
            then t.previous_arrival_delay
    end as earlier_trip_delay,
    t.departure_delay,
    t.arrival_delay,
    t.status,
    t.spoiled
from trips as t
left join staging.airports as d on d.faa = t.dest
left join staging.planes as p on p.tailnum = t.tailnum
left join staging.weather as w
    on w.origin = t.origin
    and w.scheduled_hour_utc = t.scheduled_hour_utc
