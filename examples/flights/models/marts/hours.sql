-- ---
-- description: The risk by scheduled hour of departure, and what is left of it in fair weather.
-- tags: [scorecard]
-- ---
-- When to fly. The two last columns ask why: if weather or late planes made the evenings bad, the
-- evenings would look like the mornings once only fair-weather flights, or only flights whose plane
-- was punctual on its earlier trip, are counted. They are null below 365 flights,
-- about one a day.
with counted as (
    select
        scheduled_hour,
        count(*) as flights,
        count(*) filter (where spoiled) as spoiled,
        count(*) filter (where status = 'cancelled') as cancelled,
        median(departure_delay) as median_delay,
        count(*) filter (where conditions = 'fair') as fair,
        count(*) filter (where conditions = 'fair' and spoiled) as fair_spoiled,
        count(*) filter (where earlier_trip_delay < 15) as punctual,
        count(*) filter (where earlier_trip_delay < 15 and spoiled) as punctual_spoiled
    from marts.departures
    group by scheduled_hour
)
select
    scheduled_hour,
    concat(
        (scheduled_hour + 11) % 12 + 1,
        case when scheduled_hour < 12 then ' am' else ' pm' end
    ) as hour_label,
    flights,
    spoiled,
    round(100.0 * spoiled / flights, 1) as spoiled_pct,
    round(100.0 * cancelled / flights, 1) as cancelled_pct,
    median_delay,
    case when fair >= 365 then round(100.0 * fair_spoiled / fair, 1) end as fair_weather_pct,
    case when punctual >= 365 then round(100.0 * punctual_spoiled / punctual, 1) end as punctual_plane_pct
from counted
