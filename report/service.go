package report

import (
	"fmt"
	"math"
	"time"

	"brunt/attack/endpoint"
	"brunt/report/format"
)

// Service is the serving endpoint as its workspace describes it, and what it
// said of itself while the run was under way.
type Service struct {
	Name           string          `json:"name"`
	RouteOptimized bool            `json:"route_optimized"`
	Entities       []Entity        `json:"entities"`
	ColdStartS     *float64        `json:"cold_start_s"`            // waited for before the run, in no figure; null without one
	Provisioned    *Provisioned    `json:"provisioned_concurrency"` // null in merged reports
	Metrics        []ServiceSample `json:"metrics"`                 // in order; none in merged reports
	OverRun        *ServiceRun     `json:"over_run"`                // null where the exports do not tell the run apart, and in merged reports
	Advice         []string        `json:"advice"`                  // sentences for people

	model ServiceTimes // of the run, where the exports tell it apart
}

// Entity is one model that the endpoint serves.
type Entity struct {
	Name           string  `json:"name"`
	Model          *string `json:"model"`
	Version        *string `json:"version"`
	WorkloadSize   *string `json:"workload_size"`
	MinConcurrency *int    `json:"min_provisioned_concurrency"`
	MaxConcurrency *int    `json:"max_provisioned_concurrency"`
	ScaleToZero    bool    `json:"scale_to_zero"`
	Traffic        int     `json:"traffic_percentage"`
}

// Provisioned sets the requests that the endpoint can work on at one time
// against those it must. Needed is the platform's own formula, rate × time in
// seconds, with the time for which a request occupies the endpoint, without what
// it waited in its queue (ServiceMS). It is null where that time is not known,
// for the reason given.
type Provisioned struct {
	Used           *float64 `json:"used"`
	Needed         *float64 `json:"needed"`
	NeededForTwice *float64 `json:"needed_for_twice"` // the rate
	WorkloadSize   *string  `json:"workload_size"`    // that has as much as is needed
	ServiceMS      *float64 `json:"service_ms"`
	Basis          *string  `json:"basis"`  // of service_ms: model_time, saturation or service_time
	Reason         *string  `json:"reason"` // why needed is null
}

// ServiceSample is what the endpoint said at one moment. TS is seconds since the
// first planned instant, below 0 within the warm-up. What was not said is null.
// Of several entities or replicas, counts and concurrency are sums and
// percentages the highest.
type ServiceSample struct {
	TS          float64      `json:"t_s"`
	Concurrency *float64     `json:"provisioned_concurrent_requests_total"`
	CPU         *float64     `json:"cpu_usage_percentage"`
	Memory      *float64     `json:"mem_usage_percentage"`
	GPU         *float64     `json:"gpu_usage_percentage"`
	Requests    *float64     `json:"requests_per_min"`
	Requests4xx *float64     `json:"requests_4xx_per_min"`
	Requests5xx *float64     `json:"requests_5xx_per_min"`
	Request     ServiceTimes `json:"request_latency_ms"`
	Model       ServiceTimes `json:"model_prediction_latency_ms"`
	Queue       ServiceTimes `json:"model_queue_time_ms"`
}

// ServiceTimes are one of the endpoint's histograms: how many, and sum / count.
type ServiceTimes struct {
	Count float64  `json:"count"`
	Mean  *float64 `json:"mean"` // milliseconds; null of none
}

// serviceOf is nil where no workspace told of the endpoint.
func serviceOf(d *endpoint.Details, samples []endpoint.Sample, started time.Time) *Service {
	if d == nil {
		return nil
	}
	s := &Service{
		Name:           format.UTF8(d.Name),
		RouteOptimized: d.RouteOptimized,
		Entities:       []Entity{},
		Metrics:        []ServiceSample{},
		Advice:         []string{},
	}
	for _, e := range d.Entities {
		s.Entities = append(s.Entities, Entity{
			Name: format.UTF8(
				e.Name,
			), Model: optional(e.Model), Version: optional(e.Version), WorkloadSize: optional(e.WorkloadSize),
			MinConcurrency: provisioned(
				e.MinConcurrency,
				e.MaxConcurrency,
			), MaxConcurrency: provisioned(e.MaxConcurrency, e.MaxConcurrency),
			ScaleToZero: e.ScaleToZero, Traffic: e.Traffic,
		})
	}
	if started.IsZero() {
		return s
	}
	for i := range samples {
		x := &samples[i]
		s.Metrics = append(s.Metrics, ServiceSample{
			TS: format.Seconds(x.At.Sub(started)), Concurrency: x.Concurrency, CPU: x.CPU, Memory: x.Memory, GPU: x.GPU,
			Requests: x.Requests, Requests4xx: x.Requests4xx, Requests5xx: x.Requests5xx,
			Request: timesOf(
				x.Request.Count,
				x.Request.Sum,
			), Model: timesOf(x.Model.Count, x.Model.Sum), Queue: timesOf(x.Queue.Count, x.Queue.Sum),
		})
	}
	return s
}

// DescribeEndpoint fills in what the workspace and the endpoint's own figures tell
// of a run that began at an instant, and what it needs for that load. sent are the
// run's requests, and served those that the model has worked on, both with the
// warm-up's. Without Meta.Details nothing is known.
func (r *Report) DescribeEndpoint(
	meta Meta, samples []endpoint.Sample, started time.Time, sent, served uint64,
) {
	r.Endpoint = serviceOf(meta.Details, samples, started)
	if r.Endpoint == nil {
		return
	}
	r.Endpoint.OverRun, r.Endpoint.model = overRun(samples, sent), modelOf(samples, served)
	if meta.ColdStart > 0 {
		r.Endpoint.ColdStartS = new(format.Seconds(meta.ColdStart))
	}
	r.provision()
	r.advise()
}

// provisioned is nil where the endpoint has no such bound: one without a most
// has no least either.
func provisioned(n, most int) *int {
	if most == 0 {
		return nil
	}
	return new(n)
}

func timesOf(count, sum float64) ServiceTimes {
	if !(count > 0) {
		return ServiceTimes{}
	}
	return ServiceTimes{Count: count, Mean: new(format.Significant(sum/count, 6))}
}

// last is the newest sample, nil without any.
func (s *Service) last() *ServiceSample {
	if s == nil || len(s.Metrics) == 0 {
		return nil
	}
	return &s.Metrics[len(s.Metrics)-1]
}

// provision fills in what the endpoint needs for this load.
func (r *Report) provision() {
	if r.Endpoint == nil {
		return
	}
	p := &Provisioned{}
	most := 0
	for _, e := range r.Endpoint.Entities {
		if e.MaxConcurrency != nil {
			most += *e.MaxConcurrency
		}
	}
	if most > 0 {
		p.Used = new(float64(most))
	}
	if last := r.Endpoint.last(); last != nil && last.Concurrency != nil {
		p.Used = last.Concurrency
	}
	r.Endpoint.Provisioned = p
	ms, basis, reason := r.occupied(p.Used)
	if p.Reason = optional(reason); ms <= 0 {
		return
	}
	p.ServiceMS, p.Basis = new(format.Significant(ms, 6)), new(basis)
	needed := r.needed()
	p.Needed, p.NeededForTwice = new(format.Significant(needed, 6)), new(format.Significant(2*needed, 6))
	size, _ := WorkloadSize(needed)
	p.WorkloadSize = new(size)
}

// WorkloadSize is the smallest workload size that has so much provisioned
// concurrency, and the most that it has, 0 where none has as much.
func WorkloadSize(concurrency float64) (size string, most float64) {
	switch {
	case concurrency <= 4:
		return "Small", 4
	case concurrency <= 16:
		return "Medium", 16
	case concurrency <= 64:
		return "Large", 64
	}
	return "above Large", 0
}

// SizeWords puts a workload size beside its bounds: Medium 8–16.
func SizeWords(size string) string {
	if bounds, ok := map[string]string{"Small": " 4", "Medium": " 8–16", "Large": " 16–64", "above Large": "'s 64"}[size]; ok {
		return size + bounds
	}
	return format.Safe(size, 20)
}

// RateWarning tells that a rate, per second, is more than the endpoint's
// workspace lets through; empty where it is not, or d is nil.
func RateWarning(d *endpoint.Details, rate float64) string {
	if d == nil || d.RouteOptimized || rate <= endpoint.WorkspaceRate {
		return ""
	}
	return fmt.Sprintf(
		"%s of endpoint %s, which is not route-optimised: its workspace takes %d queries/s for all such endpoints together",
		format.AskedRate(rate),
		format.UTF8(d.Name),
		endpoint.WorkspaceRate,
	)
}

// coldWords tell of a cold start that was waited for.
func coldWords(r *Report) string {
	if r.Endpoint == nil || r.Endpoint.ColdStartS == nil {
		return ""
	}
	return fmt.Sprintf(
		"cold start %s: the endpoint was scaled to zero; it was waited for before the load, and is in no figure",
		format.MS(*r.Endpoint.ColdStartS*1e3),
	)
}

// advise fills in what follows for people.
func (r *Report) advise() {
	if r.Endpoint == nil {
		return
	}
	r.Endpoint.Advice = []string{}
	for _, text := range []string{coldWords(r), provisionWords(r), whereWords(r)} {
		if text != "" {
			r.Endpoint.Advice = append(r.Endpoint.Advice, text)
		}
	}
}

// checkService holds what is needed against the rate and the times.
func (r *Report) checkService() error {
	if r.Endpoint == nil || r.Endpoint.Provisioned == nil {
		return nil
	}
	p := r.Endpoint.Provisioned
	if (p.Needed == nil) != (p.NeededForTwice == nil) {
		return fmt.Errorf(
			"provisioned_concurrency.needed is %s and needed_for_twice %s",
			plain(p.Needed),
			plain(p.NeededForTwice),
		)
	}
	if p.Needed == nil {
		return nil
	}
	for _, x := range []struct {
		key          string
		stated, ours float64
	}{{"needed", *p.Needed, r.needed()}, {"needed_for_twice", *p.NeededForTwice, 2 * r.needed()}} {
		if !(math.Abs(x.stated-x.ours) <= 0.002*x.ours) {
			return fmt.Errorf(
				"provisioned_concurrency.%s (%g) is not rate × service time (%g)",
				x.key,
				x.stated,
				x.ours,
			)
		}
	}
	return nil
}
