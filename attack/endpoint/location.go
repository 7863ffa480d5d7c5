package endpoint

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"brunt/attack/endpoint/databricks"
	"brunt/payloads/regex"
	"brunt/payloads/setting"
)

// location is a target that may be in a Databricks workspace.
type location struct {
	word   string
	name   string // of the serving endpoint; empty for any other path of the workspace
	served string // the only served entity asked for
	path   string // as given in a URL of invocations; empty for a name or a page
	host   string // of the URL given, with scheme: https://dbc.example.com; empty for a name
	routed bool   // the URL is that of a route-optimised endpoint
	page   bool   // the URL is that of the endpoint's page, for browsers
	app    bool   // the URL is that of an app, which takes the configured workspace's tokens
	model  string // of Unity AI Gateway, in place of an endpoint's name
}

var (
	endpointName = regex.Lazy(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	invocations  = regex.Lazy(
		`^(/[0-9]+)?/serving-endpoints/([A-Za-z0-9_-]+)(?:/served-models/([^/]+))?(/invocations)?/?$`,
	)
	// modelService is a name of Databricks' own models in Unity Catalog, of which
	// Unity AI Gateway makes a service (docs.databricks.com,
	// ai-gateway/query-model-services).
	modelService = regex.Lazy(`^system\.ai\.[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)
	// appHost is that of an app (Databricks Apps), on any cloud.
	appHost = regex.Lazy(`(?i)^[a-z0-9-]+(\.[a-z0-9-]+)*\.databricksapps\.com$`)
	page    = regex.Lazy(`^/ml/endpoints/([A-Za-z0-9_-]+)`)
)

// gatewayPath is where Unity AI Gateway takes chat completions of any model, in
// OpenAI's form, on the workspace's host.
const gatewayPath = "/ai-gateway/mlflow/v1/chat/completions"

// Named reports whether a TARGET word is the bare name of a serving endpoint.
func Named(word string) bool { return endpointName().MatchString(trim(word)) }

// Configured reports whether a TARGET word is a name that only the configured
// workspace makes a URL of: that of a serving endpoint, or of a model.
func Configured(word string) bool { return Named(word) || modelService().MatchString(trim(word)) }

// locate says whether a TARGET word may be something in a workspace, from the
// word, the options and the environment alone: no file is read for a URL that
// has nothing to do with Databricks. Without an error and found, it is a plain
// URL, whose own one the word then is.
func locate(word string, o Options) (p location, plain string, found bool, err error) {
	p = location{word: word, served: o.ServedModel}
	if Named(word) {
		p.name = word
		if o.NoAuth {
			return p, "", false, setting.Errorf(
				"target %s: to find an endpoint by its name takes credentials; leave out %v, or give its URL",
				word,
				setting.NoAuth,
			)
		}
		return p, "", true, nil
	}
	if modelService().MatchString(word) {
		p.model, p.path = word, gatewayPath
		switch {
		case o.NoAuth:
			return p, "", false, setting.Errorf("target %s: to find its workspace takes credentials; leave out %v, or "+
				"give its URL, https://WORKSPACE%s", word, setting.NoAuth, gatewayPath)
		case o.ServedModel != "":
			return p, "", false, setting.Wrong(setting.ServedModel, "", "%s is no serving endpoint", word)
		}
		return p, "", true, nil
	}
	t, err := Parse(word)
	if err != nil {
		return p, "", false, err
	}
	if plain = word; t.Socket != "" {
		return p, plain, false, nil
	}
	_, u, _ := parseURL(word) // Parse has done so
	p.host = u.Scheme + "://" + strings.ToLower(t.Host)
	if m := page().FindStringSubmatch(u.Path); m != nil {
		p.name, p.page = m[1], true
		plain = p.url(p.host)
	} else if m := invocations().FindStringSubmatch(u.Path); m != nil {
		p.routed, p.name = m[1] != "", m[2]
		p.served = cmp.Or(m[3], p.served)
		if m[4] == "" { // the path of the endpoint itself, which takes no requests
			u.Path = strings.TrimSuffix(u.Path, "/") + "/invocations"
			u.RawPath = ""
			plain = u.String()
		}
		p.path = u.RequestURI()
		if o.ServedModel != "" && m[3] == "" {
			p.path = ""
			plain = p.url(p.host + m[1])
		}
	} else {
		p.path = u.RequestURI()
	}
	p.app = t.TLS && appHost().MatchString(t.Name)
	if p.name == "" && o.ServedModel != "" {
		return p, "", false, setting.Wrong(setting.ServedModel, "", "%s is no serving endpoint", clip(t.URL))
	}
	return p, plain, !o.NoAuth && !o.OwnAuth && t.TLS && p.configured(t, o), nil
}

// configured reports whether it is worth looking at how the workspace is
// configured.
func (p *location) configured(t Target, o Options) bool {
	if host := databricks.Configured(); host != "" && o.Profile == "" && os.Getenv("DATABRICKS_CONFIG_PROFILE") == "" {
		return sameURLHost(host, p.host) || p.routed || p.app
	}
	return o.Profile != "" || os.Getenv("DATABRICKS_CONFIG_PROFILE") != "" ||
		os.Getenv("DATABRICKS_CONFIG_FILE") != "" ||
		databricks.Cloud(t.Name) || p.app
}

// workspace is the configured one that the location is in. It is nil without an
// error where there is none, and handled reports whether that is a mistake.
func (p *location) workspace(o databricks.Options) (w *databricks.Workspace, handled bool, err error) {
	if p.host != "" && o.Profile == "" && os.Getenv("DATABRICKS_CONFIG_PROFILE") == "" &&
		databricks.Configured() == "" &&
		!p.routed && !p.app {
		if o.Profile, err = databricks.ProfileOf(p.host); err != nil {
			return nil, true, err
		}
		if o.Profile == "" {
			return nil, false, nil
		}
	}
	w, err = databricks.Open(o)
	switch {
	case err != nil && (p.host == "" || p.app), err != nil && o.Profile != "":
		return nil, true, fmt.Errorf("target %s: %w", clip(redactURL(p.word)), err)
	case err != nil:
		return nil, false, nil
	case p.host == "" || p.routed || p.app || sameURLHost(w.Host(), p.host):
		return w, true, nil
	}
	return nil, false, nil
}

// sameURLHost compares two URLs' hosts and ports; the scheme must be the same.
func sameURLHost(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	if errX != nil || errY != nil || x.Scheme != y.Scheme {
		return false
	}
	port := func(u *url.URL) string {
		return cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])
	}
	return strings.EqualFold(x.Hostname(), y.Hostname()) && port(x) == port(y)
}

// SameHost reports whether two TARGET words are of the same host: names of
// endpoints are of the configured workspace.
func SameHost(a, b string) bool {
	if x, y := trim(a), trim(b); ofSocket(x) || ofSocket(y) {
		socket, _ := cutSocket(x)
		other, _ := cutSocket(y)
		return ofSocket(x) && ofSocket(y) && socket == other
	}
	return a == b || Named(a) && Named(b) || !Named(a) && !Named(b) && !Embedded(a) && !Embedded(b) && sameURLHost(a, b)
}

// url is where the place is invoked on a workspace's host.
func (p *location) url(host string) string {
	switch {
	case p.app:
		return p.host + p.path
	case p.path != "" && !p.routed:
		return host + p.path
	case p.served != "":
		return host + "/serving-endpoints/" + p.name + "/served-models/" + url.PathEscape(p.served) + "/invocations"
	}
	return host + "/serving-endpoints/" + p.name + "/invocations"
}

// routeURL is where a route-optimised endpoint is invoked. A URL that was given
// and looks like one must be the endpoint's: no other host gets its token.
func (p *location) routeURL(d *Details) (string, error) {
	u, err := url.Parse(d.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return "", fmt.Errorf("endpoint %s is route-optimised, but the workspace gives no URL for it", d.Name)
	}
	if p.routed && !sameURLHost(d.URL, p.host) {
		return "", setting.Errorf(
			"target %s is not where the workspace has endpoint %s (%s): give its name alone, or leave the credentials off with %v",
			clip(redactURL(p.word)),
			d.Name,
			u.Host,
			setting.NoAuth,
		)
	}
	if p.served != "" {
		u.Path = strings.TrimSuffix(u.Path, "/invocations") + "/served-models/" + p.served + "/invocations"
	}
	return u.String(), nil
}

// nearest lists the names most like one, as the rest of a sentence.
func nearest(name string, names []string) string {
	if len(names) == 0 {
		return ": these credentials see no endpoints there"
	}
	type near struct {
		name     string
		distance int
	}
	var list []near
	lower := strings.ToLower(name)
	for _, n := range names {
		d := levenshtein.ComputeDistance(lower, strings.ToLower(n))
		if other := strings.ToLower(n); strings.Contains(other, lower) || strings.Contains(lower, other) {
			d = min(d, 2)
		}
		list = append(list, near{n, d})
	}
	slices.SortStableFunc(list, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	var like []string
	for _, n := range list {
		if len(like) < 3 && n.distance <= max(2, len(name)/2) {
			like = append(like, n.name)
		}
	}
	if len(like) == 0 {
		return fmt.Sprintf(", which has %d: %s", len(names), strings.Join(names[:min(len(names), 5)], ", "))
	}
	return "; did you mean " + strings.Join(like, ", ") + "?"
}
