-- A scorecard that loses flights on the way still looks fine. Each one must add up to the flights
-- in staging; the rows returned are the scorecards that do not.
with expected as (
    select count(*) as flights, count(*) filter (where spoiled) as spoiled
    from staging.flights
),
found as (
    select 'marts.departures' as model, count(*) as flights, count(*) filter (where spoiled) as spoiled
    from marts.departures
    union all
    select 'marts.hours', sum(flights), sum(spoiled)
    from marts.hours
    union all
    select 'marts.carriers', sum(flights), null
    from marts.carriers
    union all
    select 'marts.carrier_hours', sum(flights), null
    from marts.carrier_hours
)
select
    f.model,
    f.flights,
    e.flights as expected_flights,
    f.spoiled,
    e.spoiled as expected_spoiled
from found as f
cross join expected as e
where f.flights <> e.flights
    or f.spoiled <> e.spoiled
