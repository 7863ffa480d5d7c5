package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"brunt/attack/endpoint/databricks"
)

// Description is what a serving endpoint's workspace says of the bodies that it
// takes.
type Description struct {
	Name    string
	Task    string // such as llm/v1/chat; empty for custom models
	OpenAPI []byte // JSON; nil where there is none, for the reason in Missing
	Missing error
}

// Describe asks for the description of the serving endpoint that a TARGET word
// names, with the credentials that a load would have. Nothing is sent to the
// endpoint. Errors are as those of Open.
func Describe(word string, o Options, timeout time.Duration) (*Description, error) {
	o.describeOnly = true
	e, err := Open(context.Background(), word, o, timeout)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if e.workspace == nil || e.Name == "" {
		return nil, fmt.Errorf(
			"%s is no serving endpoint of a workspace that credentials are configured for; give an endpoint's name, such as my-endpoint",
			clip(redactURL(word)),
		)
	}
	d := &Description{Name: e.Name}
	if e.Details != nil {
		d.Task = e.Details.Task
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(timeout, maxWorkspaceTimeout))
	defer cancel()
	d.OpenAPI, err = e.workspace.Get(ctx, "/api/2.0/serving-endpoints/"+url.PathEscape(e.Name)+"/openapi")
	var refused *databricks.StatusError
	switch {
	case err == nil:
		return d, nil
	case errors.As(err, &refused) && refused.Status != http.StatusUnauthorized && refused.Status != http.StatusForbidden && refused.Status < 500:
		// Not all kinds of endpoints have one.
		d.Missing = err
		return d, nil
	}
	return nil, &UnreachableError{fmt.Errorf("description of endpoint %s: %w", e.Name, err)}
}
