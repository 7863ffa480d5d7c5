package workspacetest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	grantClient = "client_credentials"
	grantJWT    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	queryAction = "query_inference_endpoint"
)

// tokens are all that the workspace accepts.
type tokens struct {
	clientID, secret string
	lifetime         atomic.Int64 // ns, of those given out from now on
	outage           atomic.Int64 // status of the token endpoint, 0 while it works

	mu    sync.RWMutex
	known map[string]*token
}

// token is one that was given out, or a personal one.
type token struct {
	number  int // from 1 in the order given out; 0 for personal ones
	pat     bool
	scope   string    // id of the only endpoint that it is good for, empty for all of the API
	expires time.Time // zero for never
	uses    atomic.Int64
}

func (t *tokens) begin(c *Config) {
	t.clientID, t.secret = c.ClientID, c.Secret
	t.lifetime.Store(int64(c.Lifetime))
	t.known = map[string]*token{}
	for _, pat := range c.PATs {
		t.known[pat] = &token{pat: true}
	}
}

// of finds the token of a request; nil where it has none that is good.
func (t *tokens) of(r *http.Request) *token {
	word, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil
	}
	return t.find(word)
}

func (t *tokens) find(word string) *token {
	t.mu.RLock()
	defer t.mu.RUnlock()
	k := t.known[word]
	if k == nil || !k.expires.IsZero() && time.Now().After(k.expires) {
		return nil
	}
	return k
}

// issue gives out a token, for the whole API or for one endpoint.
func (t *tokens) issue(scope string, number int) (word string, life time.Duration) {
	life = time.Duration(t.lifetime.Load())
	// In the form of a JWT, which clients take for one; nothing is in it.
	word = "eyJhbGciOiJub25lIn0." + rand.Text() + rand.Text() + "." + rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[word] = &token{number: number, scope: scope, expires: time.Now().Add(life)}
	return word, life
}

func (t *tokens) revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for word, k := range t.known {
		if !k.pat {
			delete(t.known, word)
		}
	}
}

// oauthError answers as RFC 6749 §5.2 has it.
func oauthError(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": text})
}

// serveToken is POST /oidc/v1/token.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	s.counts.tokenRequests.Add(1)
	switch status := int(s.tokens.outage.Load()); {
	case status == Hang:
		s.counts.tokensRefused.Add(1)
		select {
		case <-r.Context().Done():
		case <-s.life.Done():
		}
		panic(http.ErrAbortHandler)
	case status < 0:
		panic(http.ErrAbortHandler)
	case status > 0:
		s.counts.tokensRefused.Add(1)
		fail(w, status, "TEMPORARILY_UNAVAILABLE", "The token service is not available, as the look-alike was told.")
		return
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "A token is asked for by POST of a form.")
		return
	}
	scope, ok := s.scopeOf(w, r.PostForm.Get("authorization_details"))
	if !ok {
		return
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case grantClient:
		id, secret, ok := r.BasicAuth()
		if !ok || s.tokens.clientID == "" || id != s.tokens.clientID || secret != s.tokens.secret {
			s.counts.tokensRefused.Add(1)
			oauthError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
			return
		}
		if r.PostForm.Get("scope") != "all-apis" {
			oauthError(w, http.StatusBadRequest, "invalid_scope", "The scope must be all-apis.")
			return
		}
	case grantJWT:
		k := s.tokens.find(r.PostForm.Get("assertion"))
		if k == nil || k.pat || k.scope != "" {
			s.counts.tokensRefused.Add(1)
			oauthError(w, http.StatusBadRequest, "invalid_grant", "The assertion is no valid access token.")
			return
		}
		if scope == "" {
			oauthError(w, http.StatusBadRequest, "invalid_request", "authorization_details are missing.")
			return
		}
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "Grant type "+grant+" is not supported.")
		return
	}
	number := int(s.counts.tokensIssued.Add(1))
	word, life := s.tokens.issue(scope, number)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": word, "token_type": "Bearer", "expires_in": int(life.Seconds()), "scope": "all-apis",
	})
}

// scopeOf reads authorization_details: the id of the endpoint that they name.
func (s *Server) scopeOf(w http.ResponseWriter, text string) (id string, ok bool) {
	if text == "" {
		return "", true
	}
	var list []struct {
		Type       string   `json:"type"`
		ObjectType string   `json:"object_type"`
		ObjectPath string   `json:"object_path"`
		Actions    []string `json:"actions"`
	}
	if json.Unmarshal([]byte(text), &list) != nil || len(list) != 1 || list[0].Type != "workspace_permission" ||
		list[0].ObjectType != "serving-endpoints" || len(list[0].Actions) != 1 || list[0].Actions[0] != queryAction {
		oauthError(w, http.StatusBadRequest, "invalid_authorization_details", "The details are not understood.")
		return "", false
	}
	id, _ = strings.CutPrefix(list[0].ObjectPath, "/serving-endpoints/")
	found := false
	s.endpoints.Range(func(_, e any) bool {
		found = e.(*endpoint).id == id && !e.(*endpoint).Denied
		return !found
	})
	if !found {
		oauthError(
			w,
			http.StatusForbidden,
			"invalid_authorization_details",
			"The permission is lacking, or there is no such endpoint.",
		)
	}
	return id, found
}
