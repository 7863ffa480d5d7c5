package workspacetest

import (
	"encoding/hex"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"brunt/attack/mock"
)

// Endpoint is one serving endpoint, and the state it is in.
type Endpoint struct {
	Name     string
	NotReady bool          // state.ready is NOT_READY, and invocations are refused
	Ready    time.Duration // NotReady ends so long after the first look at the details; 0 for never
	Update   string        // state.config_update, NOT_UPDATING where empty
	Denied   bool          // nobody has a permission on it
	ViewOnly bool          // everybody may see it, and nobody query it
	Asleep   time.Duration // scaled to zero: the first request wakes it, which takes so long
	// Waking is how invocations fare until it is awake: they are held where it is
	// 0, get this status, or have their connection closed where it is below 0.
	Waking int
	// RouteOptimized endpoints answer only at their own host, with tokens made
	// for them.
	RouteOptimized bool
	// NoDataPlaneInfo leaves data_plane_info out of a route-optimised one's
	// details, so that clients must work out the authorization details.
	NoDataPlaneInfo bool
	Task            string      // such as llm/v1/chat
	RateLimits      []RateLimit // of its AI Gateway
	Served          []Served
	// Mock, where given, answers invocations; else a short prediction does.
	Mock *mock.Config
	// Answer, where given, answers invocations instead of either.
	Answer http.HandlerFunc
	// OpenAPI is the description of its input; a small one where empty, and
	// "none" for endpoints that have none.
	OpenAPI string
	// Metrics is the text of the metrics export; what was served where empty, and
	// with "none" it never answers.
	Metrics string
}

// Served is one served entity.
type Served struct {
	Name, Entity, Version          string
	WorkloadSize                   string // Small, Medium, Large or none
	MinConcurrency, MaxConcurrency int
	ScaleToZero                    bool
	Traffic                        int // per cent
	// MaxThroughput is provisioned, in tokens per second, or ModelUnits with Burst.
	MaxThroughput, ModelUnits int
	Burst                     bool
}

// RateLimit is one for each minute; what is 0 is not limited.
type RateLimit struct {
	Calls, Tokens  int64
	Key, Principal string
}

// endpoint is one that is served.
type endpoint struct {
	Endpoint
	id     string
	made   time.Time
	mock   *mock.Server
	proxy  http.Handler
	wakeMu sync.Mutex
	woken  time.Time // when the first request came; zero before it
	looked time.Time // when the details were first asked for; zero before that

	figures figures
}

func newEndpoint(e Endpoint) *endpoint {
	if len(e.Served) == 0 {
		e.Served = []Served{{Name: e.Name + "-1", Entity: "main.default." + e.Name, Version: "1", WorkloadSize: "Small",
			MinConcurrency: 4, MaxConcurrency: 4, ScaleToZero: e.Asleep > 0, Traffic: 100}}
	}
	hash := fnv.New128a()
	_, _ = hash.Write([]byte(e.Name)) // never fails
	return &endpoint{Endpoint: e, id: hex.EncodeToString(hash.Sum(nil)), made: time.Now()}
}

func (e *endpoint) close() {
	if e.mock != nil {
		_ = e.mock.Close()
	}
}

// sleeping is how long an invocation must still wait for the endpoint to wake;
// the first one wakes it.
func (e *endpoint) sleeping(wake bool) time.Duration {
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	if e.Asleep == 0 {
		return 0
	}
	if e.woken.IsZero() {
		if !wake {
			return e.Asleep
		}
		e.woken = time.Now()
	}
	return max(0, time.Until(e.woken.Add(e.Asleep)))
}

// creating reports whether the endpoint is not ready; look is a look at its
// details.
func (e *endpoint) creating(look bool) bool {
	e.wakeMu.Lock()
	defer e.wakeMu.Unlock()
	if look && e.looked.IsZero() {
		e.looked = time.Now()
	}
	return e.NotReady && (e.Ready == 0 || e.looked.IsZero() || time.Since(e.looked) < e.Ready)
}

// object is a JSON object, with the platform's own names.
type object map[string]any

// describe is the endpoint's details.
func (s *Server) describe(e *endpoint) object {
	ready, update, permission := "READY", e.Update, "CAN_QUERY"
	creating := e.creating(false)
	if e.ViewOnly {
		permission = "CAN_VIEW"
	}
	if creating {
		ready = "NOT_READY"
	}
	if update == "" {
		update = "NOT_UPDATING"
	}
	var entities, routes []object
	for _, served := range e.Served {
		deployment, message := "DEPLOYMENT_READY", ""
		switch {
		case creating:
			deployment, message = "DEPLOYMENT_CREATING", "Creating resources for served entity."
		case e.sleeping(false) > 0:
			message = "Scaled to zero"
		}
		minimum := served.MinConcurrency
		if served.ScaleToZero {
			minimum = 0
		}
		entity := object{
			"name": served.Name, "entity_name": served.Entity, "entity_version": served.Version,
			"workload_size": served.WorkloadSize, "workload_type": "CPU", "scale_to_zero_enabled": served.ScaleToZero,
			"min_provisioned_concurrency": minimum, "max_provisioned_concurrency": served.MaxConcurrency,
			"environment_vars": object{"CANARY": "environment-canary"},
			"state":            object{"deployment": deployment, "deployment_state_message": message},
		}
		if served.ModelUnits > 0 {
			entity["provisioned_model_units"], entity["burst_scaling_enabled"] = served.ModelUnits, served.Burst
		}
		if served.MaxThroughput > 0 {
			entity["min_provisioned_throughput"], entity["max_provisioned_throughput"] = 0, served.MaxThroughput
		}
		entities = append(entities, entity)
		routes = append(
			routes,
			object{
				"served_entity_name": served.Name,
				"served_model_name":  served.Name,
				"traffic_percentage": served.Traffic,
			},
		)
	}
	d := object{
		"name": e.Name, "id": e.id, "creator": "someone@example.com", "creation_timestamp": e.made.UnixMilli(),
		"last_updated_timestamp": e.made.UnixMilli(), "state": object{"ready": ready, "config_update": update},
		"config": object{
			"served_entities": entities,
			"traffic_config":  object{"routes": routes},
			"config_version":  1,
		},
		"route_optimized":  e.RouteOptimized,
		"permission_level": permission,
	}
	if e.Task != "" {
		d["task"] = e.Task
	}
	var limits []object
	for _, l := range e.RateLimits {
		limit := object{"key": l.Key, "renewal_period": "minute"}
		if l.Calls > 0 {
			limit["calls"] = l.Calls
		}
		if l.Tokens > 0 {
			limit["tokens"] = l.Tokens
		}
		if l.Principal != "" {
			limit["principal"] = l.Principal
		}
		limits = append(limits, limit)
	}
	if limits != nil {
		d["ai_gateway"] = object{"rate_limits": limits}
	}
	if e.RouteOptimized {
		d["endpoint_url"] = s.routeURL(e)
		if !e.NoDataPlaneInfo {
			d["data_plane_info"] = object{"query_info": object{
				"endpoint_url":          s.routeURL(e),
				"authorization_details": `[{"type":"workspace_permission","object_type":"serving-endpoints","object_path":"/serving-endpoints/` + e.id + `","actions":["` + queryAction + `"]}]`,
			}}
		}
	}
	return d
}
