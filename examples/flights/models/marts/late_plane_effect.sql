-- ---
-- description: What a plane that ran late on its earlier trip does to the next one, against punctual planes.
-- tags: [reason]
-- ---
-- Is it the plane that comes in late? Bad days make all planes late, so a late plane is compared with
-- punctual planes (earlier trip less than 15 minutes late) that were to leave the same airport in the
-- same hour of the same day. `compared_flights` are those that have such a neighbour.
with flights as (
    select
        origin,
        scheduled_hour_utc,
        spoiled,
        case
            when earlier_trip_delay < 15 then 'punctual'
            when earlier_trip_delay < 60 then '15 to 59 minutes late'
            else 'an hour late or more'
        end as earlier_trip
    from marts.departures
    where earlier_trip_delay is not null
),
counted as (
    select
        origin,
        scheduled_hour_utc,
        earlier_trip,
        count(*) as flights,
        count(*) filter (where spoiled) as spoiled
    from flights
    group by origin, scheduled_hour_utc, earlier_trip
),
punctual as (
    select
        origin,
        scheduled_hour_utc,
        1.0 * spoiled / flights as spoiled_share
    from counted
    where earlier_trip = 'punctual'
)
select
    c.earlier_trip,
    sum(c.flights) as flights,
    round(100.0 * sum(c.spoiled) / sum(c.flights), 1) as spoiled_pct,
    sum(c.flights) filter (where p.spoiled_share is not null) as compared_flights,
    round(
        100.0 * sum(c.spoiled) filter (where p.spoiled_share is not null)
        / sum(c.flights) filter (where p.spoiled_share is not null),
        1
    ) as compared_pct,
    round(
        100.0 * sum(c.flights * p.spoiled_share)
        / sum(c.flights) filter (where p.spoiled_share is not null),
        1
    ) as punctual_planes_pct
from counted as c
left join punctual as p
    on p.origin = c.origin
    and p.scheduled_hour_utc = c.scheduled_hour_utc
group by c.earlier_trip
