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
		{Name: "throttled", Task: "llm/v1/chat",
			RateLimits: []RateLimit{{Calls: 600, Key: "endpoint"}, {Tokens: 60000, Key: "user"},
				{Calls: 6000, Key: "user_group", Principal: "testers"}},
			Served: []Served{
				{Name: "throttled-1", Entity: "system.ai.llama", Version: "1", Traffic: 100, MaxThroughput: 950},
			}},
		{Name: "provisioned", Task: "llm/v1/chat", Served: []Served{
			{
				Name:       "provisioned-1",
				Entity:     "system.ai.llama-4",
				Version:    "1",
				Traffic:    100,
				ModelUnits: 50,
				Burst:      true,
			}}},
		{Name: "silent", OpenAPI: "none"},
		{Name: "odd", OpenAPI: `{"paths":7}`},
	}
}
