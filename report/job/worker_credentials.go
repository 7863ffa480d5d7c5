package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"brunt/attack/cluster"
	"brunt/attack/endpoint"
	"brunt/report/config"
)

// errMockElsewhere is a mock:// that workers on other machines were to load.
var errMockElsewhere = errors.New("mock:// is within one process, where workers on other machines do not reach it: " +
	"give --workers local:N, or run brunt mock --listen and give its URL")

// canHandOut says why workers cannot be handed the credentials of a job's target, where
// they are to be.
func (s *Source) canHandOut(j *Job) error {
	if !s.flags.Cluster.Handed() {
		return nil
	}
	if err := j.target.CanHandOut(); err != nil {
		return fmt.Errorf("--worker-credentials handed: %w", err)
	}
	return nil
}

// handOut has workers be handed the credentials of a job's target, or none.
func (s *Source) handOut(j *Job) error {
	if !s.flags.Cluster.Handed() {
		return s.workers.coordinator.HandOut(nil)
	}
	err := s.workers.coordinator.HandOut(func() ([]byte, error) {
		h, err := j.target.HandOut()
		if err != nil {
			return nil, err
		}
		return json.Marshal(&h)
	})
	if errors.Is(err, cluster.ErrPlain) {
		return config.ErrInTheOpen
	}
	return err
}

// handedBy asks a worker's coordinator for credentials.
func handedBy(ask cluster.Ask) func(context.Context) (endpoint.Handed, error) {
	return func(ctx context.Context) (h endpoint.Handed, err error) {
		text, err := ask(ctx)
		if errors.Is(err, cluster.ErrPlain) {
			return h, fmt.Errorf("%w: have this worker reach it by tls://", err)
		}
		if err == nil {
			err = json.Unmarshal(text, &h)
		}
		return h, err
	}
}
