package workspacetest

import "time"

// Sample is an endpoint in each of the states that there are.
func Sample() []Endpoint {
	return []Endpoint{
		{Name: "my-endpoint", Served: []Served{
			{
				Name:           "model-1",
				Entity:         "main.default.model",
				Version:        "1",
				WorkloadSize:   "Small",
				MinConcurrency: 4,
				MaxConcurrency: 4,
				Traffic:        90,
			},
			{
				Name:           "model-2",
				Entity:         "main.default.model",
				Version:        "2",
				WorkloadSize:   "Small",
				MinConcurrency: 4,
				MaxConcurrency: 4,
				Traffic:        10,
			},
		}},
		{Name: "my-other-endpoint"},
		{Name: "my-fast-endpoint", RouteOptimized: true},
		{Name: "my-idle-endpoint", Asleep: 300 * time.Millisecond},
		{Name: "fast", RouteOptimized: true},
		{Name: "fast-too", RouteOptimized: true, NoDataPlaneInfo: true},
		{Name: "not-ready", NotReady: true},
		{Name: "updating", Update: "IN_PROGRESS"},
		{Name: "asleep", Asleep: 300 * time.Millisecond},
		{Name: "comatose", Asleep: time.Hour},
		{Name: "drowsy", Asleep: 300 * time.Millisecond, Waking: 503},
		{Name: "grumpy", Asleep: 300 * time.Millisecond, Waking: -1},
		{Name: "lethargic", Asleep: time.Hour, Waking: 503},
		{Name: "fast-asleep", RouteOptimized: true, Asleep: 300 * time.Millisecond},
		{Name: "broken", Asleep: time.Hour, Waking: 500},
		{Name: "busy", Asleep: time.Hour, Waking: 429},
		{Name: "creating", NotReady: true, Ready: 500 * time.Millisecond},
		{Name: "denied", Denied: true},
		{Name: "view-only", ViewOnly: true},
		{Name: "talker", Task: "llm/v1/chat", OpenAPI: "none"},
		{Name: "silent", OpenAPI: "none"},
		{Name: "odd", OpenAPI: `{"paths":7}`},
	}
}
