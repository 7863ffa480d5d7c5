package mock

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

var (
	headerRequestID = []byte("x-databricks-request-id")
	headerEntity    = []byte("served-model-name")
	headerAllow     = []byte("allow")
	typeJSON        = []byte("application/json")
)

// handle answers one request; fasthttp calls it once the body is in.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	id := s.nextID()
	ctx.Response.Header.SetContentTypeBytes(typeJSON)
	ctx.Response.Header.SetCanonical(headerRequestID, id[:])
	e := s.endpoint
	switch path := ctx.Path(); {
	case string(path) == e.invocations:
		s.invoke(ctx, e, id[:])
	case string(path) == e.details:
		s.describe(ctx, e)
	case ctx.IsGet() && strings.TrimSuffix(string(path), "/metrics") == e.details:
		s.export(ctx, e)
	default:
		s.answerStray(ctx, notFound(string(path)))
	}
}

// invoke takes a request through the model.
func (s *Server) invoke(ctx *fasthttp.RequestCtx, e *endpoint, id []byte) {
	body := ctx.Request.Body()
	shape, no := e.check(ctx, body)
	if no != nil {
		no.write(ctx)
		e.countRejected(len(body), no.status, len(no.body))
		return
	}
	course := e.admit(s.now, len(body), &shape)
	if see := s.observer.Load(); see != nil && course.fate <= failedOutcome {
		(*see)(time.Duration(course.queued), time.Duration(course.slotTime))
	}
	switch {
	case course.fate == refusedOutcome:
		queueFull.write(ctx)
	case course.fate == fateLimited:
		rateLimited.write(ctx)
	case course.fate == closedOutcome, !s.wait(course.due):
		shuttingDown.write(ctx)
		ctx.SetConnectionClose()
	case course.fate == failedOutcome:
		ctx.Response.Header.SetCanonical(headerEntity, e.entity)
		e.failure.write(ctx)
	case shape.streams():
		ctx.Response.Header.SetCanonical(headerEntity, e.entity)
		s.talk(ctx, e, shape, course, id)
		return // its slot is freed when the stream ends
	default:
		ctx.Response.Header.SetCanonical(headerEntity, e.entity)
		e.reply(ctx, shape, id)
	}
	e.countReply(ctx.Response.StatusCode(), len(ctx.Response.Body()))
}

// check looks at what needs no model: these refusals are answered at once, take
// no slot and use up no draw.
func (e *endpoint) check(ctx *fasthttp.RequestCtx, body []byte) (shape, *refusal) {
	if !ctx.IsPost() {
		ctx.Response.Header.SetCanonical(headerAllow, []byte(fasthttp.MethodPost))
		return shape{}, &notPost
	}
	if len(body) > maxBody {
		return shape{}, &tooLarge
	}
	if len(ctx.Request.Header.ContentEncoding()) > 0 {
		plain, err := ctx.Request.BodyUncompressedWithLimit(maxBody)
		if err != nil {
			no := unreadable(err)
			return shape{}, &no
		}
		body = plain
	}
	sh, err := e.shapes.of(body)
	if err != nil {
		no := unreadable(err)
		return shape{}, &no
	}
	return sh, nil
}

// describe answers with the endpoint's details.
func (s *Server) describe(ctx *fasthttp.RequestCtx, e *endpoint) {
	s.strays.lookUp()
	if !ctx.IsGet() {
		ctx.Response.Header.SetCanonical(headerAllow, []byte(fasthttp.MethodGet))
		notGet.write(ctx)
		return
	}
	ctx.SetBody(e.describe())
}

// export answers with what the endpoint says of itself in OpenMetrics: of the
// platform's figures only the one that is known here for sure.
func (s *Server) export(ctx *fasthttp.RequestCtx, e *endpoint) {
	s.strays.lookUp()
	ctx.Response.Header.SetContentType("application/openmetrics-text; version=1.0.0")
	const name = "provisioned_concurrent_requests_total"
	fmt.Fprintf(
		ctx,
		"# TYPE %s gauge\n%s{endpoint_name=%q} %d %d\n# EOF\n",
		name,
		name,
		e.config.Name,
		e.slots(),
		time.Now().UnixMilli(),
	)
}

// answerStray answers a request that is for nothing here.
func (s *Server) answerStray(ctx *fasthttp.RequestCtx, no refusal) {
	no.write(ctx)
	s.strays.turnAway(len(ctx.Request.Body()), no.status, len(no.body))
}

// handleBroken answers what is no whole HTTP request; the connection ends with
// it.
func (s *Server) handleBroken(ctx *fasthttp.RequestCtx, err error) {
	ctx.Response.Header.SetContentTypeBytes(typeJSON)
	if errors.Is(err, fasthttp.ErrBodyTooLarge) {
		s.answerStray(ctx, tooLarge)
		return
	}
	s.strays.breakOff()
	var header *fasthttp.ErrSmallBuffer
	if errors.As(err, &header) {
		headerTooLarge.write(ctx)
		return
	}
	malformed.write(ctx)
}

// notFound is the refusal of a wrong endpoint's name, or of a wrong path.
func notFound(path string) refusal {
	if name, ok := strings.CutPrefix(path, "/serving-endpoints/"); ok {
		if name, ok = strings.CutSuffix(name, "/invocations"); ok && validName(name) {
			return noEndpoint(name)
		}
	}
	if name, ok := strings.CutPrefix(path, "/api/2.0/serving-endpoints/"); ok && validName(name) {
		return noDetails(name)
	}
	return noPath(path)
}
