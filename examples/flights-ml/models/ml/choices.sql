-- ---
-- description: For every route with a choice, the flight to take and the flight to avoid.
-- tags: [ml]
-- ---
-- The risks that models/ml/delay_risk.py predicts, read like any other table. A choice counts when it was flown at
-- least once a week: nobody can book a flight that was flown once.
with ranked as (
    select
        *,
        row_number() over (partition by origin, dest order by risk, carrier, scheduled_hour) as best_rank,
        row_number() over (partition by origin, dest order by risk desc, carrier, scheduled_hour) as worst_rank
    from ml.delay_risk
    where flights >= 52
)
select
    best.origin,
    best.dest,
    best.airline as take,
    best.scheduled_hour as take_hour,
    round(100 * best.risk, 1) as take_risk_pct,
    worst.airline as avoid,
    worst.scheduled_hour as avoid_hour,
    round(100 * worst.risk, 1) as avoid_risk_pct
from ranked as best
join ranked as worst on worst.origin = best.origin and worst.dest = best.dest
where best.best_rank = 1 and worst.worst_rank = 1 and best.risk < worst.risk
