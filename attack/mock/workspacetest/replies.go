package workspacetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is the largest body that an invocation may have, in bytes.
const maxBody = 16 << 20

// reply writes JSON.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away
}

// fail answers with an error in the platform's usual form.
func fail(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, object{"error_code": code, "message": message})
}

// refuse answers a request whose token is worth nothing.
func (s *Server) refuse(w http.ResponseWriter) {
	s.counts.refused.Add(1)
	fail(
		w,
		s.config.Refusal,
		fmt.Sprint(s.config.Refusal),
		"Invalid access token. [ReqId: "+w.Header().Get("x-databricks-request-id")+"]",
	)
}

func (s *Server) identify(w http.ResponseWriter) {
	w.Header().Set("x-databricks-request-id", fmt.Sprintf("00000000-0000-4000-8000-%012x", s.nextID.Add(1)))
}

// serveControl is the workspace's own host.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	s.identify(w)
	path := r.URL.Path
	switch {
	case path == "/.well-known/databricks-config":
		s.counts.probes.Add(1)
		fail(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found.")
	case path == "/oidc/.well-known/oauth-authorization-server":
		s.counts.probes.Add(1)
		at := "https://" + r.Host + "/oidc" // the name it was asked by
		reply(w, http.StatusOK, object{
			"issuer": at, "authorization_endpoint": at + "/v1/authorize", "token_endpoint": at + "/v1/token",
			"grant_types_supported": []string{grantClient, grantJWT}, "scopes_supported": []string{"all-apis"},
		})
	case path == "/oidc/v1/token":
		s.serveToken(w, r)
	case path == "/api/2.0/serving-endpoints", strings.HasPrefix(path, "/api/2.0/serving-endpoints/"):
		if strings.HasSuffix(path, "/metrics") {
			s.counts.exports.Add(1)
		} else {
			s.counts.lookUps.Add(1)
		}
		k := s.tokens.of(r)
		if k == nil || k.scope != "" {
			s.refuse(w)
			return
		}
		s.serveDetails(w, r, strings.Trim(strings.TrimPrefix(path, "/api/2.0/serving-endpoints"), "/"))
	case path == gatewayPath:
		s.serveGateway(w, r)
	case strings.HasPrefix(path, "/serving-endpoints/"):
		s.serveInvocation(
			w,
			r,
			strings.TrimPrefix(path, "/serving-endpoints/"),
			func(*endpoint, *token) bool { return true },
		)
	default:
		fail(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for '"+r.Method+" "+path+"'.")
	}
}

// gatewayPath is where Unity AI Gateway takes chat completions.
const gatewayPath = "/ai-gateway/mlflow/v1/chat/completions"

// serveGateway answers for each model of the schema system.ai.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	s.counts.invocations.Add(1)
	var body struct {
		Model string `json:"model"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body)
	k := s.tokens.of(r)
	switch {
	case k == nil:
		s.refuse(w)
	case err != nil || !strings.HasPrefix(body.Model, "system.ai."):
		fail(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "There is no model service '"+body.Model+"'.")
	default:
		k.uses.Add(1)
		s.counts.served.Add(1)
		reply(w, http.StatusOK, object{"model": body.Model, "choices": []object{{"index": 0, "finish_reason": "stop",
			"message": object{"role": "assistant", "content": "Rhine."}}},
			"usage": object{"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}})
	}
}

// serveApp is the host of apps, which take tokens of OAuth only.
func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) {
	s.counts.invocations.Add(1)
	k := s.tokens.of(r)
	if k == nil || k.pat || k.scope != "" {
		http.Redirect(w, r, s.Host()+"/oidc/oauth2/v2.0/authorize", http.StatusFound)
		return
	}
	k.uses.Add(1)
	s.counts.served.Add(1)
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	reply(w, http.StatusOK, object{"output": []object{}})
}

// serveRoute is the host of route-optimised endpoints: it takes only tokens
// that were made for the endpoint.
func (s *Server) serveRoute(w http.ResponseWriter, r *http.Request) {
	s.identify(w)
	if host, _, _ := strings.Cut(r.Host, ":"); strings.HasSuffix(host, AppDomain) {
		s.serveApp(w, r)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/"+workspaceID+"/serving-endpoints/")
	if !ok {
		fail(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "There is nothing here.")
		return
	}
	s.serveInvocation(w, r, rest, func(e *endpoint, k *token) bool {
		return e.RouteOptimized && !k.pat && k.scope == e.id && strings.HasPrefix(r.Host, e.id+".")
	})
}

// serveDetails is what is under /api/2.0/serving-endpoints.
func (s *Server) serveDetails(w http.ResponseWriter, r *http.Request, path string) {
	if path == "" {
		list := []object{}
		s.endpoints.Range(func(_, e any) bool {
			if !e.(*endpoint).Denied {
				list = append(list, s.describe(e.(*endpoint)))
			}
			return true
		})
		slices.SortFunc(list, func(a, b object) int { return cmp.Compare(a["name"].(string), b["name"].(string)) })
		reply(w, http.StatusOK, object{"endpoints": list})
		return
	}
	name, part, _ := strings.Cut(path, "/")
	e := s.endpoint(name)
	switch {
	case e == nil:
		fail(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "Endpoint with name '"+name+"' does not exist.")
	case e.Denied:
		fail(
			w,
			http.StatusForbidden,
			"PERMISSION_DENIED",
			"You do not have permission to view the serving endpoint '"+name+"'.",
		)
	case part == "":
		e.creating(true)
		reply(w, http.StatusOK, s.describe(e))
	case part == "metrics" && e.Metrics == "none":
		<-r.Context().Done()
	case part == "metrics":
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = io.WriteString(w, e.metrics())
	case part == "openapi" && e.OpenAPI == "none":
		fail(
			w,
			http.StatusBadRequest,
			"INVALID_PARAMETER_VALUE",
			"There is no schema for the serving endpoint '"+name+"'.",
		)
	case part == "openapi" && e.OpenAPI != "":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, e.OpenAPI)
	case part == "openapi":
		reply(w, http.StatusOK, openAPI(e))
	default:
		fail(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found.")
	}
}

// serveInvocation is NAME/invocations or NAME/served-models/ENTITY/invocations.
func (s *Server) serveInvocation(
	w http.ResponseWriter,
	r *http.Request,
	path string,
	allowed func(*endpoint, *token) bool,
) {
	s.counts.invocations.Add(1)
	k := s.tokens.of(r)
	if k == nil {
		s.refuse(w)
		return
	}
	parts := strings.Split(path, "/")
	if parts[len(parts)-1] != "invocations" || len(parts) != 2 && (len(parts) != 4 || parts[1] != "served-models") {
		fail(w, http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found.")
		return
	}
	e := s.endpoint(parts[0])
	if e == nil {
		fail(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "The endpoint '"+parts[0]+"' does not exist.")
		return
	}
	served := e.Served[0].Name
	if len(parts) == 4 {
		served = parts[2]
	}
	switch known := slices.ContainsFunc(e.Served, func(x Served) bool { return x.Name == served }); {
	case !allowed(e, k):
		s.refuse(w)
	case e.Denied, e.ViewOnly:
		fail(
			w,
			http.StatusForbidden,
			"PERMISSION_DENIED",
			"You do not have permission to query the serving endpoint '"+e.Name+"'.",
		)
	case r.Method != http.MethodPost:
		fail(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "An endpoint is invoked by POST.")
	case !known:
		fail(w, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "There is no served model '"+served+"'.")
	case e.creating(false):
		fail(w, http.StatusServiceUnavailable, "TEMPORARILY_UNAVAILABLE", "The endpoint '"+e.Name+"' is not ready.")
	case e.RouteOptimized && r.Host == s.control.Addr().String():
		fail(
			w,
			http.StatusNotFound,
			"RESOURCE_DOES_NOT_EXIST",
			"The endpoint is route-optimized; query it at its endpoint_url.",
		)
	default:
		k.uses.Add(1)
		s.counts.served.Add(1)
		begun, seen := time.Now(), &watched{ResponseWriter: w}
		s.invoke(seen, r, e, served)
		e.figures.answered(time.Since(begun), seen.code())
	}
}

// invoke has the model answer.
func (s *Server) invoke(w http.ResponseWriter, r *http.Request, e *endpoint, served string) {
	switch left := e.sleeping(true); {
	case left <= 0:
	case e.Waking < 0:
		panic(http.ErrAbortHandler)
	case e.Waking > 0 && e.Waking != http.StatusServiceUnavailable:
		fail(w, e.Waking, "INTERNAL_ERROR", "There is something else about '"+e.Name+"'.")
		return
	case e.Waking > 0:
		fail(
			w,
			e.Waking,
			"TEMPORARILY_UNAVAILABLE",
			"The endpoint '"+e.Name+"' is scaled to zero; it is being started.",
		)
		return
	default:
		select {
		case <-time.After(left):
		case <-s.life.Done():
		}
	}
	if e.proxy != nil { // whose mock tells of its queue and its model
		e.proxy.ServeHTTP(w, r)
		return
	}
	begun := time.Now()
	defer func() { e.figures.worked(0, time.Since(begun)) }()
	if e.Answer != nil {
		e.Answer(w, r)
	} else {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
		w.Header().Set("served-model-name", served)
		reply(w, http.StatusOK, object{"predictions": []float64{1}})
	}
}
