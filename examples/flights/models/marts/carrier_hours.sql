-- ---
-- description: Every combination of carrier and scheduled hour, ranked where there is enough to rank.
-- tags: [scorecard]
-- ---
-- The two choices a traveller really makes, together. A combination is ranked only with 1,000 flights
-- on 200 different days, so that a handful of bad evenings (or a lucky season) cannot win.
with counted as (
    select
        carrier,
        airline,
        scheduled_hour,
        count(*) as flights,
        count(distinct flight_date) as days,
        count(*) filter (where spoiled) as spoiled,
        count(*) filter (where status = 'cancelled') as cancelled
    from marts.departures
    group by carrier, airline, scheduled_hour
),
shares as (
    select
        carrier,
        airline,
        scheduled_hour,
        flights,
        days,
        flights >= 1000 and days >= 200 as enough,
        round(100.0 * spoiled / flights, 1) as spoiled_pct,
        round(100.0 * cancelled / flights, 1) as cancelled_pct
    from counted
)
select
    *,
    case
        when enough then rank() over (partition by enough order by spoiled_pct desc, flights desc)
    end as worst_rank
from shares
