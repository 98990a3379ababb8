-- ---
-- description: What bad weather at the airport of departure does, against fair weather at such hours.
-- tags: [reason]
-- ---
-- Is it the weather? Storms come on summer evenings, when things go wrong anyway. So each flight in
-- bad weather is compared with the fair-weather flights of the same airport, month and hour of day;
-- what is left over is the weather's doing (`excess_spoiled`). Only the weather at the airport of
-- departure is known: a storm at the destination is not in here, so this is a lower limit.
with counted as (
    select
        origin,
        date_trunc('month', flight_date) as month,
        scheduled_hour,
        conditions,
        count(*) as flights,
        count(*) filter (where spoiled) as spoiled,
        count(*) filter (where status = 'cancelled') as cancelled
    from marts.departures
    where conditions is not null
    group by origin, date_trunc('month', flight_date), scheduled_hour, conditions
),
fair as (
    select
        origin,
        month,
        scheduled_hour,
        1.0 * spoiled / flights as spoiled_share
    from counted
    where conditions = 'fair'
)
select
    c.conditions,
    sum(c.flights) as flights,
    round(100.0 * sum(c.spoiled) / sum(c.flights), 1) as spoiled_pct,
    round(100.0 * sum(c.cancelled) / sum(c.flights), 1) as cancelled_pct,
    round(100.0 * sum(c.flights * f.spoiled_share) / sum(c.flights), 1) as fair_weather_pct,
    cast(round(sum(c.spoiled) - sum(c.flights * f.spoiled_share)) as bigint) as excess_spoiled,
    sum(c.spoiled) as spoiled
from counted as c
join fair as f
    on f.origin = c.origin
    and f.month = c.month
    and f.scheduled_hour = c.scheduled_hour
group by c.conditions
