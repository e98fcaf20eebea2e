// Command echo-server is what the real node's pods run: an HTTP server that answers what it was
// asked, and misbehaves on request, so that tests can watch how Kubernetes deals with it.
//
//	echo-server                 serve (the default)
//	echo-server pause           hold a pod's namespaces open and do nothing: the sandbox container
//	echo-server save URL PATH   write what URL answers into the file, and end: an init container
//	echo-server probe           send the requests of the document on the input, from outside; see probe.go
//
// Environment:
//
//	PORT             where to listen, on every address of the pod (8080): HTTP, and HTTP/2 without TLS
//	TLS_PORT         where to listen with TLS besides, HTTP/1.1 and HTTP/2 (nowhere)
//	TLS_FOLDER       where its tls.crt and tls.key are (none: it signs a certificate for itself)
//	VERSION          repeated in every answer, to tell one image from another
//	START_DELAY      seconds before it listens (0)
//	DRAIN            seconds that requests in flight have to finish after SIGTERM (10)
//	FAIL_READINESS   "true": /ready answers 503
//	FAIL_LIVENESS    "true": /live and /healthz answer 503
//
// Requests:
//
//	GET  /ready, /live, /healthz      the probes
//	POST /ready?fail=true|false       switch a probe while running; /live and /healthz likewise
//	GET  /resolve?name=NAME           the addresses that the pod's DNS gives for NAME
//	GET  /fetch?url=URL               what URL answers the pod; cluster addresses only
//	GET  /file?path=PATH              what the file holds, as the container sees it
//	PUT  /file?path=PATH              write the body into it
//	any other path                    the request as JSON; ?sleep=SECONDS first, ?status=NNN instead of 200,
//	                                  ?header=NAME:VALUE in the answer, ?lines=N: N lines more, each ?pause=SECONDS after
//	                                  the one before; asked to become a WebSocket it does (websocket.go); gRPC
//	                                  is answered by the standard health service (grpc.go)
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	maxBody        = 1 << 20
	maxRequest     = 64 << 20
	maxTold        = 4 << 10
	maxLines       = 100
	maxSleep       = time.Minute
	maxDelay       = 10 * time.Minute
	outwardTimeout = 5 * time.Second
)

// What /fetch may reach: loopback, and the networks of the test cluster (pods and Services, the
// node, the balancers' addresses). The server is a test's tool, not an open proxy.
var reachable = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/16"),
}

func main() {
	// One context for the whole life: pause, a slow start and serving all end on the first signal.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if slices.Contains(os.Args[1:], "pause") {
		pause(ctx)
		return
	}
	run := serve
	if slices.Contains(os.Args[1:], "probe") {
		run = probe
	}
	if len(os.Args) == 4 && os.Args[1] == "save" {
		run = func(ctx context.Context) error { return save(ctx, os.Args[2], os.Args[3]) }
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// save asks once: a test sees whether the other was there already.
func save(ctx context.Context, url, path string) error {
	status, body, err := ask(ctx, clusterClient(), url)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answers with status %d", url, status)
	}
	return os.WriteFile(path, body, 0o644)
}

// pause waits to be stopped. A pod that shares its process namespace has this process as the
// parent of its orphans, so it reaps them.
func pause(ctx context.Context) {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		select {
		case <-ctx.Done():
			return
		case <-children:
			for {
				if id, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); id <= 0 || err != nil {
					break
				}
			}
		}
	}
}

func serve(ctx context.Context) error {
	delay, err := seconds("START_DELAY", 0)
	if err != nil {
		return err
	}
	drain, err := seconds("DRAIN", 10*time.Second)
	if err != nil {
		return err
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if !sleep(ctx, delay) {
		return nil
	}
	listening := net.JoinHostPort("", port)
	handler := newEcho().routes()
	servers := []*http.Server{newServer(listening, handler)}
	failed := make(chan error, 2)
	go func() { failed <- servers[0].ListenAndServe() }()
	if tlsPort := os.Getenv("TLS_PORT"); tlsPort != "" {
		secure := newServer(net.JoinHostPort("", tlsPort), handler)
		if secure.TLSConfig, err = tlsConfig(os.Getenv("TLS_FOLDER")); err != nil {
			return err
		}
		servers = append(servers, secure)
		go func() { failed <- secure.ListenAndServeTLS("", "") }()
	}
	log.Printf("listening on %s", listening)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Printf("draining for at most %s", drain)
	bounded, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(bounded); err != nil {
			return fmt.Errorf("requests in flight were cut off after %s: %w", drain, err)
		}
	}
	return nil
}

func newServer(address string, handler http.Handler) *http.Server {
	// HTTP/2 without TLS as well, to clients that begin with it, as proxies do for gRPC.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Addr:              address,
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		// Longer than a slow answer and its body may take.
		WriteTimeout: maxSleep + 30*time.Second,
		// Longer than the proxies in front keep a connection idle (60 s as a rule), so that it is
		// never this side that closes one which a proxy is just about to use.
		IdleTimeout: 75 * time.Second,
	}
}

// echo is the server's state: what every answer repeats, and what the probes say.
type echo struct {
	pod       string
	version   string
	failReady atomic.Bool
	failLive  atomic.Bool
	client    *http.Client
	grpc      http.Handler
}

func newEcho() *echo {
	pod, err := os.Hostname()
	if err != nil {
		log.Printf("no host name: %v", err)
	}
	it := &echo{pod: pod, version: os.Getenv("VERSION"), client: clusterClient()}
	it.grpc = newHealthService(it.pod)
	it.failReady.Store(os.Getenv("FAIL_READINESS") == "true")
	it.failLive.Store(os.Getenv("FAIL_LIVENESS") == "true")
	return it
}

func (it *echo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", it.probe(&it.failReady))
	mux.HandleFunc("/live", it.probe(&it.failLive))
	mux.HandleFunc("/healthz", it.probe(&it.failLive))
	mux.HandleFunc("GET /resolve", it.resolve)
	mux.HandleFunc("GET /fetch", it.fetch)
	mux.HandleFunc("GET /file", it.readFile)
	mux.HandleFunc("PUT /file", it.writeFile)
	mux.HandleFunc("/", it.echo)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux redirects clients to the tidied path. What a proxy sends is told as it came.
		if tidied := path.Clean(r.URL.Path); r.URL.Path != tidied && r.URL.Path != tidied+"/" {
			it.echo(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (it *echo) probe(fail *atomic.Bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			wanted, err := strconv.ParseBool(r.URL.Query().Get("fail"))
			if err != nil {
				it.refuse(w, http.StatusBadRequest, "fail is true or false")
				return
			}
			fail.Store(wanted)
			it.answer(w, http.StatusOK, map[string]any{"hostname": it.pod, "fail": wanted})
			return
		}
		status := http.StatusOK
		if fail.Load() {
			status = http.StatusServiceUnavailable
		}
		it.answer(w, status, map[string]any{"hostname": it.pod, "fail": fail.Load()})
	}
}

// request is what an answer tells of the request it answers.
type request struct {
	Hostname string              `json:"hostname"`
	Version  string              `json:"version"`
	Method   string              `json:"method"`
	Path     string              `json:"path"`
	Query    map[string][]string `json:"query"`
	Host     string              `json:"host"`
	Protocol string              `json:"protocol"`
	Headers  map[string][]string `json:"headers"`
	Remote   string              `json:"remote"`
	// The TLS server name that was asked for; empty without TLS.
	ServerName string `json:"serverName"`
	// The beginning of the body, and how long it was.
	Body string `json:"body"`
	Size int    `json:"size"`
}

func (it *echo) echo(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		it.grpc.ServeHTTP(w, r)
		return
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		it.webSocket(w, r)
		return
	}
	query := r.URL.Query()
	status, err := wholeNumber(query.Get("status"), http.StatusOK, 200, 599)
	if err != nil {
		it.refuse(w, http.StatusBadRequest, "status "+err.Error())
		return
	}
	lines, err := wholeNumber(query.Get("lines"), 0, 0, maxLines)
	if err != nil {
		it.refuse(w, http.StatusBadRequest, "lines "+err.Error())
		return
	}
	before, err := duration(query.Get("sleep"), maxSleep)
	if err != nil {
		it.refuse(w, http.StatusBadRequest, "sleep "+err.Error())
		return
	}
	between, err := duration(query.Get("pause"), maxSleep)
	if err != nil {
		it.refuse(w, http.StatusBadRequest, "pause "+err.Error())
		return
	}
	told, err := it.tell(w, r)
	if err != nil {
		it.refuse(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	if !sleep(r.Context(), before) {
		return // the client has gone
	}
	for _, header := range query["header"] {
		name, value, _ := strings.Cut(header, ":")
		w.Header().Add(name, strings.TrimSpace(value))
	}
	it.answer(w, status, told)
	for number := range lines {
		// What cannot be sent on at once is sent at the end.
		_ = http.NewResponseController(w).Flush()
		if !sleep(r.Context(), between) {
			return
		}
		_, _ = fmt.Fprintf(w, "line %d\n", number+1)
	}
}

// tell reads the request to its end.
func (it *echo) tell(w http.ResponseWriter, r *http.Request) (request, error) {
	body := http.MaxBytesReader(w, r.Body, maxRequest)
	begun, err := io.ReadAll(io.LimitReader(body, maxTold))
	if err != nil {
		return request{}, err
	}
	rest, err := io.Copy(io.Discard, body)
	if err != nil {
		return request{}, err
	}
	told := request{
		Hostname: it.pod,
		Version:  it.version,
		Method:   r.Method,
		Path:     r.URL.Path,
		Query:    r.URL.Query(),
		Host:     r.Host,
		Protocol: r.Proto,
		Headers:  r.Header,
		Remote:   r.RemoteAddr,
		Body:     string(begun),
		Size:     len(begun) + int(rest),
	}
	if r.TLS != nil {
		told.ServerName = r.TLS.ServerName
	}
	return told, nil
}

func (it *echo) resolve(w http.ResponseWriter, r *http.Request) {
	bounded, cancel := context.WithTimeout(r.Context(), outwardTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(bounded, r.URL.Query().Get("name"))
	if err != nil {
		it.refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	slices.Sort(addresses)
	it.answer(w, http.StatusOK, map[string]any{"hostname": it.pod, "addresses": addresses})
}

func (it *echo) fetch(w http.ResponseWriter, r *http.Request) {
	status, body, err := ask(r.Context(), it.client, r.URL.Query().Get("url"))
	if err != nil {
		it.refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	it.answer(w, http.StatusOK, map[string]any{"hostname": it.pod, "status": status, "body": string(body)})
}

// ask gets the URL, within bounds of time and size.
func ask(ctx context.Context, client *http.Client, url string) (int, []byte, error) {
	bounded, cancel := context.WithTimeout(ctx, outwardTimeout)
	defer cancel()
	outward, err := http.NewRequestWithContext(bounded, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := client.Do(outward)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, body, err
}

// readFile tells any file: what a container sees of its own is what tests want to know.
func (it *echo) readFile(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open(r.URL.Query().Get("path"))
	if err != nil {
		it.refuse(w, http.StatusNotFound, err.Error())
		return
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxBody))
	if err != nil {
		it.refuse(w, http.StatusForbidden, err.Error())
		return
	}
	it.answer(w, http.StatusOK, map[string]any{"hostname": it.pod, "version": it.version, "content": string(content)})
}

func (it *echo) writeFile(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		it.refuse(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	if err := os.WriteFile(r.URL.Query().Get("path"), content, 0o644); err != nil {
		it.refuse(w, http.StatusForbidden, err.Error())
		return
	}
	it.answer(w, http.StatusOK, map[string]any{"hostname": it.pod, "version": it.version})
}

// clusterClient reaches the cluster's networks only. The address is checked as it is dialled, after
// DNS and after redirects, so that no name leads anywhere else.
func clusterClient() *http.Client {
	dialer := &net.Dialer{
		Timeout: outwardTimeout,
		Control: func(_, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			for _, prefix := range reachable {
				if prefix.Contains(target.Addr().Unmap()) {
					return nil
				}
			}
			return fmt.Errorf("%s is not an address of the cluster", address)
		},
	}
	// A connection each, so that every fetch may reach another pod.
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
}

func (it *echo) refuse(w http.ResponseWriter, status int, why string) {
	it.answer(w, status, map[string]any{"hostname": it.pod, "error": why})
}

func (it *echo) answer(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// Some statuses (204, 304) carry no body, and a client may have gone: neither is an error here.
	_, _ = w.Write(append(body, '\n'))
}

// sleep tells whether the whole pause passed: false when ctx ended first.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// seconds reads a number of seconds from the environment.
func seconds(variable string, otherwise time.Duration) (time.Duration, error) {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise, nil
	}
	value, err := duration(text, maxDelay)
	if err != nil {
		return 0, fmt.Errorf("%s %w", variable, err)
	}
	return value, nil
}

func wholeNumber(text string, otherwise, least, most int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < least || number > most {
		return 0, fmt.Errorf("is a number from %d to %d", least, most)
	}
	return number, nil
}

func duration(text string, most time.Duration) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	// Written so that NaN is refused as well.
	if err != nil || !(number >= 0 && number <= most.Seconds()) {
		return 0, errors.New("is a number of seconds from 0 to " + strconv.Itoa(int(most.Seconds())))
	}
	return time.Duration(number * float64(time.Second)), nil
}
