package databricks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"brunt/payloads/show"
)

// maxReply is the largest answer that is read of the workspace, in bytes.
const maxReply = 8 << 20

// Details are what the workspace says of a serving endpoint.
type Details struct {
	Name           string
	Ready          bool
	Update         string // NOT_UPDATING, IN_PROGRESS, UPDATE_CANCELED, UPDATE_FAILED
	Task           string // such as llm/v1/chat; empty for custom models
	Permission     string // CAN_MANAGE, CAN_QUERY, CAN_VIEW
	RouteOptimized bool
	URL            string // endpoint_url of a route-optimised one
	Entities       []Entity
	RateLimits     []RateLimit

	authorization string // authorization_details for its tokens, as given
}

// Entity is one served entity.
type Entity struct {
	Name, Model, Version           string
	WorkloadSize, WorkloadType     string
	MinConcurrency, MaxConcurrency int   // provisioned; 0 where not said
	MinThroughput, MaxThroughput   int   // provisioned tokens per second; 0 where not said
	ModelUnits                     int   // provisioned; 0 where not said
	BurstScaling                   *bool // whether more than ModelUnits is lent; nil where not said
	ScaleToZero                    bool
	Deployment, Message            string // DEPLOYMENT_READY …, and what is said of it
	Traffic                        int    // per cent
}

// RateLimit is one of the endpoint's AI Gateway, for each minute.
type RateLimit struct {
	Calls, Tokens int64  // 0 for no limit
	Key           string // whom it is for: endpoint, user, user_group or service_principal
	Principal     string // the one of these; empty for each
}

// Throughput says what throughput is provisioned for language models, such as
// "up to 9,500 tokens/s"; "" where none is.
func (d *Details) Throughput() string {
	units := 0
	for _, e := range d.Entities {
		units += e.ModelUnits
	}
	switch n := d.MaxThroughput(); {
	case units > 0:
		return show.Counted(units, "model unit", "model units")
	case n > 0:
		return "of up to " + show.Grouped(n) + " tokens/s"
	}
	return ""
}

// MaxThroughput is the provisioned throughput of all entities together at its
// most, in tokens per second; 0 where it is not said.
func (d *Details) MaxThroughput() (n int) {
	for _, e := range d.Entities {
		n += e.MaxThroughput
	}
	return n
}

// Asleep reports whether all of the endpoint is scaled to zero just now.
func (d *Details) Asleep() bool {
	for _, e := range d.Entities {
		if !strings.Contains(strings.ToLower(e.Message), "scaled to zero") {
			return false
		}
	}
	return len(d.Entities) > 0
}

// MaxConcurrency is the provisioned concurrency of all entities together at its
// most; 0 where it is not said.
func (d *Details) MaxConcurrency() (n int) {
	for _, e := range d.Entities {
		n += e.MaxConcurrency
	}
	return n
}

// wireDetails is the platform's JSON. Environment variables of the entities are
// not even read.
type wireDetails struct {
	Name  string `json:"name"`
	State struct {
		Ready        string `json:"ready"`
		ConfigUpdate string `json:"config_update"`
	} `json:"state"`
	Config struct {
		ServedEntities []wireEntity `json:"served_entities"`
		TrafficConfig  struct {
			Routes []struct {
				Entity  string `json:"served_entity_name"`
				Model   string `json:"served_model_name"`
				Traffic int    `json:"traffic_percentage"`
			} `json:"routes"`
		} `json:"traffic_config"`
	} `json:"config"`
	Task           string `json:"task"`
	Permission     string `json:"permission_level"`
	RouteOptimized bool   `json:"route_optimized"`
	EndpointURL    string `json:"endpoint_url"`
	Gateway        struct {
		RateLimits []struct {
			Calls     int64  `json:"calls"`
			Tokens    int64  `json:"tokens"`
			Key       string `json:"key"`
			Principal string `json:"principal"`
			Period    string `json:"renewal_period"`
		} `json:"rate_limits"`
	} `json:"ai_gateway"`
	DataPlaneInfo struct {
		QueryInfo struct {
			AuthorizationDetails string `json:"authorization_details"`
			EndpointURL          string `json:"endpoint_url"`
		} `json:"query_info"`
	} `json:"data_plane_info"`
}

type wireEntity struct {
	Name           string `json:"name"`
	EntityName     string `json:"entity_name"`
	EntityVersion  string `json:"entity_version"`
	WorkloadSize   string `json:"workload_size"`
	WorkloadType   string `json:"workload_type"`
	MinConcurrency int    `json:"min_provisioned_concurrency"`
	MaxConcurrency int    `json:"max_provisioned_concurrency"`
	MinThroughput  int    `json:"min_provisioned_throughput"`
	MaxThroughput  int    `json:"max_provisioned_throughput"`
	ModelUnits     int    `json:"provisioned_model_units"`
	Burst          *bool  `json:"burst_scaling_enabled"`
	ScaleToZero    bool   `json:"scale_to_zero_enabled"`
	State          struct {
		Deployment string `json:"deployment"`
		Message    string `json:"deployment_state_message"`
	} `json:"state"`
}

func (d *wireDetails) details() *Details {
	out := &Details{
		Name: d.Name, Ready: d.State.Ready == "READY", Update: d.State.ConfigUpdate, Task: d.Task, Permission: d.Permission,
		RouteOptimized: d.RouteOptimized, URL: d.EndpointURL, authorization: d.DataPlaneInfo.QueryInfo.AuthorizationDetails,
	}
	if out.URL == "" {
		out.URL = d.DataPlaneInfo.QueryInfo.EndpointURL
	}
	for _, l := range d.Gateway.RateLimits {
		if l.Period == "" || l.Period == "minute" { // the only one that there is
			out.RateLimits = append(
				out.RateLimits,
				RateLimit{l.Calls, l.Tokens, cmp.Or(l.Key, "endpoint"), l.Principal},
			)
		}
	}
	for _, e := range d.Config.ServedEntities {
		entity := Entity{
			Name:           e.Name,
			Model:          e.EntityName,
			Version:        e.EntityVersion,
			WorkloadSize:   e.WorkloadSize,
			WorkloadType:   e.WorkloadType,
			MinConcurrency: e.MinConcurrency,
			MaxConcurrency: e.MaxConcurrency,
			MinThroughput:  e.MinThroughput,
			MaxThroughput:  e.MaxThroughput,
			ModelUnits:     e.ModelUnits,
			BurstScaling:   e.Burst,
			ScaleToZero:    e.ScaleToZero,
			Deployment:     e.State.Deployment,
			Message:        e.State.Message,
		}
		for _, r := range d.Config.TrafficConfig.Routes {
			if r.Entity == e.Name || r.Entity == "" && r.Model == e.Name {
				entity.Traffic = r.Traffic
			}
		}
		out.Entities = append(out.Entities, entity)
	}
	return out
}

// StatusError is an answer of the workspace that is none.
type StatusError struct {
	Status        int
	Code, Message string // as far as the answer has them
}

// Error implements error.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Endpoint asks for the details of one.
func (w *Workspace) Endpoint(ctx context.Context, name string) (*Details, error) {
	var d wireDetails
	body, err := w.Get(ctx, "/api/2.0/serving-endpoints/"+url.PathEscape(name))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &d); err != nil || d.Name == "" {
		return nil, fmt.Errorf(
			"%s answered with something else than an endpoint's details; is it a workspace?",
			w.Host(),
		)
	}
	return d.details(), nil
}

// Names lists all endpoints that the credentials may see, sorted.
func (w *Workspace) Names(ctx context.Context) ([]string, error) {
	body, err := w.Get(ctx, "/api/2.0/serving-endpoints")
	if err != nil {
		return nil, err
	}
	var list struct {
		Endpoints []struct {
			Name string `json:"name"`
		} `json:"endpoints"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	var names []string
	for _, e := range list.Endpoints {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names, nil
}

// Get asks the workspace's API by GET, and returns the answer's body. The
// error is without secrets, a *StatusError where it is an answer.
func (w *Workspace) Get(ctx context.Context, path string) ([]byte, error) {
	w.mu.Lock()
	t := w.control
	w.mu.Unlock()
	if t == nil || !t.Expires.IsZero() && time.Until(t.Expires) < time.Minute {
		var err error
		if t, err = w.Login(ctx); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Host()+path, nil)
	if err != nil {
		return nil, err
	}
	for _, h := range t.Headers {
		r.Header.Set(h.Name, h.Value)
	}
	return w.do(r)
}

func (w *Workspace) do(r *http.Request) ([]byte, error) {
	r.Header.Set("User-Agent", userAgent)
	resp, err := w.options.Transport.RoundTrip(r) // follows no redirect
	if err != nil {
		return nil, &Unreachable{Text: w.Redact(r.URL.Host + ": " + reason(err)), Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, &Unreachable{Text: w.Redact(r.URL.Host + ": " + reason(err)), Err: err}
	}
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, fmt.Errorf(
			"%s redirects to %q, where credentials are not sent",
			r.URL.Host,
			w.Redact(resp.Header.Get("Location")),
		)
	case resp.StatusCode != http.StatusOK:
		return nil, w.statusError(resp.StatusCode, body)
	}
	return body, nil
}

// Unreachable is a workspace that does not answer.
type Unreachable struct {
	Text string
	Err  error // the system's own
}

// Error implements error.
func (e *Unreachable) Error() string { return e.Text }

// Unwrap gives the system's own error.
func (e *Unreachable) Unwrap() error { return e.Err }

func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}

// statusError reads an error's body, whose forms are many.
func (w *Workspace) statusError(status int, body []byte) *StatusError {
	var form struct {
		ErrorCode   any    `json:"error_code"`
		Message     string `json:"message"`
		Error       any    `json:"error"`
		Description string `json:"error_description"`
	}
	e := &StatusError{Status: status}
	if json.Unmarshal(body, &form) == nil {
		if code, ok := form.ErrorCode.(string); ok {
			e.Code = code
		}
		if word, ok := form.Error.(string); ok && form.Message == "" {
			form.Message = word
			if form.Description != "" {
				form.Message += ": " + form.Description
			}
		}
		e.Message = form.Message
	} else if text := strings.TrimSpace(string(body)); text != "" && text[0] != '<' {
		e.Message = text
	}
	e.Message = strings.Join(strings.Fields(w.Redact(e.Message)), " ")
	if len(e.Message) > 200 {
		e.Message = e.Message[:200] + "…"
	}
	return e
}
