package report

import (
	"time"

	"brunt/attack/result"
	"brunt/report/format"
)

// workersOf are the workers as a report has them.
func workersOf(workers []result.Worker) []Worker {
	out := make([]Worker, 0, len(workers))
	for i := range workers {
		w := &workers[i]
		one := Worker{
			Name: format.UTF8(w.Name), State: string(w.State), StartS: format.Seconds(w.At.Round(time.Microsecond)),
			Cores: w.Client.Cores, CPUS: format.Seconds(w.Client.CPU), WallS: format.Seconds(w.Client.Wall), Planned: w.Planned, Sent: w.Sent,
			LimitedBy: optional(w.LimitedBy), Trust: optional(w.Trust), Reasons: []string{},
		}
		for _, reason := range w.Reasons {
			one.Reasons = append(one.Reasons, format.UTF8(reason))
		}
		if w.LatenessP99 > 0 {
			one.LatenessP99MS = format.Millis(float64(w.LatenessP99))
		}
		if w.ClockError > 0 {
			one.ClockOffsetMS, one.ClockErrorMS = format.Millis(float64(w.ClockOffset)), format.Millis(float64(w.ClockError))
		}
		if w.Joined != nil {
			one.StartS = format.Seconds(w.Joined.At.Round(time.Microsecond))
			one.TookOver = optional(format.UTF8(w.Joined.Of))
		}
		if w.Lost != nil {
			one.Lost = &LostWorker{LastS: format.Seconds(w.Lost.Since), Why: format.UTF8(w.Lost.Why)}
		}
		out = append(out, one)
	}
	return out
}
