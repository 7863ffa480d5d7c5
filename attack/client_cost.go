package attack

import "brunt/attack/result"

// client is what the run has cost on this side since its start.
func (r *Run) client() result.Client {
	c := r.began.Cost()
	return result.Client{
		Cores: c.Cores, Quota: c.Quota, CPU: c.CPU, Wall: c.Wall, Waited: c.Waited, Throttled: c.Throttled,
		GC: c.GC, RSSPeak: c.RSSPeak, GCPauseMax: c.GCPauseMax, MaxFiles: c.MaxFiles, Embedded: r.embedded,
		Poller: r.loops[0].poller.Name(),
	}
}
