package mock

import (
	"encoding/json"
	"fmt"
)

// details is the part of the platform's answer about an endpoint that clients
// act on, with its names (GET /api/2.0/serving-endpoints/NAME).
type details struct {
	Name                 string         `json:"name"`
	ID                   string         `json:"id"`
	Creator              string         `json:"creator"`
	CreationTimestamp    int64          `json:"creation_timestamp"` // ms since 1970
	LastUpdatedTimestamp int64          `json:"last_updated_timestamp"`
	State                endpointState  `json:"state"`
	Config               endpointConfig `json:"config"`
	RouteOptimized       bool           `json:"route_optimized"`
	Task                 string         `json:"task,omitempty"`
	PermissionLevel      string         `json:"permission_level"`
}

type endpointState struct {
	Ready        string `json:"ready"`
	ConfigUpdate string `json:"config_update"`
}

type endpointConfig struct {
	ServedEntities []servedEntity `json:"served_entities"`
	TrafficConfig  trafficConfig  `json:"traffic_config"`
	ConfigVersion  int64          `json:"config_version"`
}

type servedEntity struct {
	Name                      string      `json:"name"`
	EntityName                string      `json:"entity_name"`
	EntityVersion             string      `json:"entity_version"`
	WorkloadSize              string      `json:"workload_size,omitempty"`
	WorkloadType              string      `json:"workload_type"`
	MinProvisionedConcurrency int         `json:"min_provisioned_concurrency"`
	MaxProvisionedConcurrency int         `json:"max_provisioned_concurrency"`
	ScaleToZeroEnabled        bool        `json:"scale_to_zero_enabled"`
	State                     entityState `json:"state"`
}

type entityState struct {
	Deployment             string `json:"deployment"`
	DeploymentStateMessage string `json:"deployment_state_message"`
}

type trafficConfig struct {
	Routes []route `json:"routes"`
}

type route struct {
	ServedEntityName  string `json:"served_entity_name"`
	ServedModelName   string `json:"served_model_name"` // the older name of the same
	TrafficPercentage int    `json:"traffic_percentage"`
}

// describe is the details as JSON. An endpoint that is scaled to zero is READY
// all the same: it takes requests.
func (e *endpoint) describe() []byte {
	created := e.created.UnixMilli()
	d := details{
		Name:                 e.config.Name,
		ID:                   fmt.Sprintf("%016x%016x", mix(e.config.Seed), mix(uint64(created))),
		Creator:              "mock@example.com",
		CreationTimestamp:    created,
		LastUpdatedTimestamp: created,
		State:                endpointState{Ready: "READY", ConfigUpdate: "NOT_UPDATING"},
		Config: endpointConfig{
			ServedEntities: []servedEntity{e.describeEntity()},
			TrafficConfig: trafficConfig{Routes: []route{{
				ServedEntityName: string(e.entity), ServedModelName: string(e.entity), TrafficPercentage: 100,
			}}},
			ConfigVersion: 1,
		},
		PermissionLevel: "CAN_MANAGE",
	}
	if e.config.Tokens > 0 {
		d.Task = "llm/v1/chat"
	}
	body, _ := json.Marshal(d) // strings and numbers only: cannot fail
	return body
}

func (e *endpoint) describeEntity() servedEntity {
	entity := servedEntity{
		Name:                      string(e.entity),
		EntityName:                "main.default." + e.config.Name,
		EntityVersion:             "1",
		WorkloadSize:              workloadSize(e.config.mostSlots()),
		WorkloadType:              "CPU",
		MinProvisionedConcurrency: e.config.Concurrency,
		MaxProvisionedConcurrency: e.config.mostSlots(),
		ScaleToZeroEnabled:        e.config.ColdStart > 0,
		State:                     entityState{Deployment: "DEPLOYMENT_READY"},
	}
	if entity.ScaleToZeroEnabled {
		entity.MinProvisionedConcurrency = 0
	}
	if e.asleep() {
		entity.State.DeploymentStateMessage = "Scaled to zero"
	}
	return entity
}

// workloadSize is the least one that provides a concurrency: Small 4, Medium
// 16, Large 64; beyond, an endpoint is sized by its concurrency alone.
func workloadSize(concurrency int) string {
	switch {
	case concurrency <= 4:
		return "Small"
	case concurrency <= 16:
		return "Medium"
	case concurrency <= 64:
		return "Large"
	}
	return ""
}
