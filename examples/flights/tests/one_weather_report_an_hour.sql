-- Two reports for one airport and hour (as when the clocks are set back) would double every flight
-- of that hour in marts.departures.
select
    origin,
    scheduled_hour_utc,
    count(*) as reports
from staging.weather
group by origin, scheduled_hour_utc
having count(*) > 1
