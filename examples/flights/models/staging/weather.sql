-- ---
-- description: Hourly weather per airport of origin, in one word (conditions) and in figures.
-- tags: [reference]
-- ---
-- The weather at each New York airport by the hour, boiled down to one word a traveller knows.
--
-- The worst thing that happens in the hour gives the word: frozen precipitation, then rain, then
-- fog or low cloud (below three miles pilots fly by instruments), then strong wind. One reading is
-- impossible (1,048 miles an hour at Newark on 12 February) and becomes unknown.
with readings as (
    select
        origin,
        time_hour as scheduled_hour_utc,
        temp as temperature_f,
        case when wind_speed < 200 then wind_speed end as wind_mph,
        wind_gust as gust_mph,
        precip as precipitation_inches,
        visib as visibility_miles
    from raw.weather
)
select
    origin,
    scheduled_hour_utc,
    temperature_f,
    wind_mph,
    gust_mph,
    precipitation_inches,
    visibility_miles,
    case
        when precipitation_inches > 0 and temperature_f <= 34 then 'snow or ice'
        when precipitation_inches > 0 then 'rain'
        when visibility_miles < 3 then 'fog or low cloud'
        when gust_mph >= 35 or wind_mph >= 25 then 'strong wind'
        else 'fair'
    end as conditions
from readings
