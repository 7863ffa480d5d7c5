package databricks

import (
	"context"
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// Export is what a serving endpoint says of itself at one moment. What it did
// not say is nil. Of several series, one per served entity or replica, counts
// and concurrency are summed up, and of percentages the highest is taken.
type Export struct {
	Concurrency           *float64 // provisioned, requests at one time
	CPU, Memory, GPU      *float64 // per cent
	Requests              *float64 // per minute, with those below
	Requests4xx           *float64
	Requests5xx           *float64
	Request, Model, Queue Times // in the endpoint, in the model, waiting for it
}

// Times is a histogram, of which mean = Sum / Count is all that is kept.
type Times struct {
	Count float64
	Sum   float64 // milliseconds
}

// Export asks for an endpoint's own figures.
func (w *Workspace) Export(ctx context.Context, name string) (*Export, error) {
	body, err := w.Get(ctx, "/api/2.0/serving-endpoints/"+url.PathEscape(name)+"/metrics")
	if err != nil {
		return nil, err
	}
	x, ok := readExport(string(body))
	if !ok {
		return nil, errors.New("none of the figures known was in the answer")
	}
	return x, nil
}

// readExport reads OpenMetrics text. It passes over all it does not know: the
// strict readers stumble over exemplars and over seconds with a fraction. ok is
// false where no known figure is in it.
func readExport(text string) (x *Export, ok bool) {
	x = &Export{}
	for line := range strings.Lines(text) {
		name, value, good := readLine(strings.TrimSpace(line))
		if !good {
			continue
		}
		known := true
		switch name {
		case "provisioned_concurrent_requests_total":
			sum(&x.Concurrency, value)
		case "cpu_usage_percentage":
			highest(&x.CPU, value)
		case "mem_usage_percentage":
			highest(&x.Memory, value)
		case "gpu_usage_percentage":
			highest(&x.GPU, value)
		case "request_count_total":
			sum(&x.Requests, value)
		case "request_4xx_count_total":
			sum(&x.Requests4xx, value)
		case "request_5xx_count_total":
			sum(&x.Requests5xx, value)
		case "request_latency_ms_count":
			x.Request.Count += value
		case "request_latency_ms_sum":
			x.Request.Sum += value
		case "model_prediction_latency_ms_count":
			x.Model.Count += value
		case "model_prediction_latency_ms_sum":
			x.Model.Sum += value
		case "model_queue_time_ms_count":
			x.Queue.Count += value
		case "model_queue_time_ms_sum":
			x.Queue.Sum += value
		default:
			known = false
		}
		ok = ok || known
	}
	return x, ok
}

// readLine reads NAME{LABELS} VALUE, whatever follows. Values that are no
// finite number from 0 to 10¹⁵ are no figures.
func readLine(line string) (name string, value float64, ok bool) {
	end := strings.IndexAny(line, "{ \t")
	if end <= 0 || line[0] == '#' {
		return "", 0, false
	}
	name, line = line[:end], line[end:]
	if line[0] == '{' {
		if line, ok = afterLabels(line); !ok {
			return "", 0, false
		}
	}
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return "", 0, false
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	return name, value, err == nil && !math.IsNaN(value) && value >= 0 && value <= 1e15
}

// afterLabels is what follows the closing brace; braces within quotes are text.
func afterLabels(line string) (rest string, ok bool) {
	quoted := false
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '}' && !quoted:
			return line[i+1:], true
		}
	}
	return "", false
}

func sum(to **float64, value float64) {
	if *to == nil {
		*to = new(0.0)
	}
	**to += value
}

func highest(to **float64, value float64) {
	if *to == nil || value > **to {
		*to = new(value)
	}
}
