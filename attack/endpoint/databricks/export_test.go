package databricks

import (
	"math"
	"testing"
)

// export has what strict readers stumble over: exemplars, fractions of seconds,
// braces within labels, and figures that are none.
const export = `# TYPE cpu_usage_percentage gauge
# UNIT cpu_usage_percentage percent
cpu_usage_percentage{endpoint_name="e",served_model_name="a}\" b"} 12.5 1700000000.123
cpu_usage_percentage{endpoint_name="e",served_model_name="b"} 40
mem_usage_percentage NaN
gpu_usage_percentage -1
provisioned_concurrent_requests_total{served_model_name="a"} 4
provisioned_concurrent_requests_total{served_model_name="b"} 8
request_latency_ms_bucket{le="10.0"} 17 # {trace_id="x"} 0.67 1700000000.1
request_latency_ms_bucket{le="+Inf"} 20
request_latency_ms_sum 200
request_latency_ms_count 20
model_queue_time_ms_count{broken="
something_else 5
# EOF
`

func TestReadExport(t *testing.T) {
	x, ok := readExport(export)
	if !ok || *x.CPU != 40 || x.Memory != nil || x.GPU != nil || *x.Concurrency != 12 || x.Request != (Times{20, 200}) || x.Queue != (Times{}) || x.Requests != nil {
		t.Errorf("%t %+v", ok, x)
	}
	for _, text := range []string{"", "# EOF\n", "<html>", "something_else 5\n"} {
		if _, ok := readExport(text); ok {
			t.Errorf("%q has figures", text)
		}
	}
}

func FuzzReadExport(f *testing.F) {
	f.Add(export)
	f.Add("cpu_usage_percentage{\\")
	f.Add("request_latency_ms_sum 1e15\nrequest_latency_ms_sum +Inf")
	f.Fuzz(func(t *testing.T, text string) {
		x, _ := readExport(text)
		for _, v := range []*float64{x.Concurrency, x.CPU, x.Memory, x.GPU, x.Requests, x.Requests4xx, x.Requests5xx, &x.Request.Count, &x.Request.Sum, &x.Model.Sum, &x.Queue.Sum} {
			if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0) || *v < 0) {
				t.Errorf("%g of %q", *v, text)
			}
		}
	})
}
