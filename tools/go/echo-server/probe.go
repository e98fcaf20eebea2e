package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// asked is one request of the document on the input, which is a JSON list of them. They are sent
// one after the other, on a connection each, but for those of one `group`, which are sent at once.
type asked struct {
	// "http", "websocket" or "grpc" (a call of the health service).
	Kind    string            `json:"kind"`
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	// So many bytes as the body, instead of one that is written out.
	BodySize int `json:"body_size"`
	// Whether the body is sent in chunks, without a Content-Length.
	Chunked bool `json:"chunked"`
	// Whether HTTP/2 is offered; gRPC always is.
	HTTP2 bool `json:"http2"`
	// Where to connect instead of the URL's host, which stays the Host and the TLS server name.
	ConnectTo string `json:"connect_to"`
	// The address to connect from.
	Source string `json:"source"`
	// A file with the certificate authority; without one certificates are not checked.
	CA string `json:"ca"`
	// The TLS server name, instead of the URL's host; "-" for none at all.
	ServerName string  `json:"server_name"`
	Timeout    float64 `json:"timeout"`
	Group      string  `json:"group"`
	// What a WebSocket is to send and to hear again, each Pause seconds after the one before.
	Messages []string `json:"messages"`
	Pause    float64  `json:"pause"`
}

// answered is a line of the output.
type answered struct {
	Status   int                 `json:"status"`
	Headers  map[string][]string `json:"headers"`
	Body     string              `json:"body"`
	Protocol string              `json:"protocol"`
	// The names in the certificate that was shown, and the TLS version.
	Names    []string `json:"names"`
	TLS      string   `json:"tls"`
	Messages []string `json:"messages"`
	// The gRPC status: "OK", "Unavailable" and so on; the body is then the health service's answer.
	Code  string `json:"code"`
	Error string `json:"error"`
	// Seconds until the first byte of the body, and until its end.
	Begun   float64 `json:"begun"`
	Elapsed float64 `json:"elapsed"`
}

// probe sends the requests and writes an answer for each, in the same order, a line of JSON each.
func probe(ctx context.Context) error {
	var requests []asked
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		return fmt.Errorf("the input: %w", err)
	}
	answers := make([]answered, len(requests))
	for first := 0; first < len(requests); {
		next := first + 1
		for next < len(requests) && requests[first].Group != "" && requests[next].Group == requests[first].Group {
			next++
		}
		var all sync.WaitGroup
		for index := first; index < next; index++ {
			all.Go(func() { answers[index] = requests[index].send(ctx) })
		}
		all.Wait()
		first = next
	}
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for _, answer := range answers {
		if err := json.NewEncoder(output).Encode(answer); err != nil {
			return err
		}
	}
	return nil
}

func (it asked) send(ctx context.Context) answered {
	timeout := time.Duration(it.Timeout * float64(time.Second))
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	send := it.http
	switch it.Kind {
	case "websocket":
		send = it.webSocket
	case "grpc":
		send = it.grpc
	}
	begun := time.Now()
	answer, err := send(bounded)
	if err != nil {
		answer.Error = err.Error()
	}
	answer.Elapsed = time.Since(begun).Seconds()
	return answer
}

func (it asked) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{}
	if it.Source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(it.Source)}
	}
	if it.ConnectTo != "" {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		address = net.JoinHostPort(it.ConnectTo, port)
	}
	return dialer.DialContext(ctx, network, address)
}

func (it asked) tls(host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS10, ServerName: host, InsecureSkipVerify: it.CA == ""}
	switch it.ServerName {
	case "":
	case "-":
		// A server name that is an address is not sent.
		config.ServerName = "127.0.0.1"
	default:
		config.ServerName = it.ServerName
	}
	if it.CA != "" {
		pem, err := os.ReadFile(it.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", it.CA)
		}
	}
	return config, nil
}

func (it asked) transport() (*http.Transport, error) {
	target, err := url.Parse(it.URL)
	if err != nil {
		return nil, err
	}
	config, err := it.tls(target.Hostname())
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!it.HTTP2)
	protocols.SetHTTP2(it.HTTP2)
	return &http.Transport{
		DialContext:        it.dial,
		TLSClientConfig:    config,
		Protocols:          protocols,
		DisableKeepAlives:  true,
		DisableCompression: true,
		// So that a refusal is read before the body is sent against a closed door.
		ExpectContinueTimeout: time.Second,
	}, nil
}

func (it asked) http(ctx context.Context) (answered, error) {
	transport, err := it.transport()
	if err != nil {
		return answered{}, err
	}
	defer transport.CloseIdleConnections()
	var body io.Reader = strings.NewReader(it.Body)
	if it.BodySize > 0 {
		body = bytes.NewReader(bytes.Repeat([]byte("x"), it.BodySize))
	}
	if it.Chunked {
		// Of a reader that it knows nothing of, net/http does not know the length.
		body = struct{ io.Reader }{body}
	}
	request, err := http.NewRequestWithContext(ctx, it.Method, it.URL, body)
	if err != nil {
		return answered{}, err
	}
	if it.BodySize > 0 {
		request.Header.Set("Expect", "100-continue")
	}
	for name, value := range it.Headers {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
	}
	begun := time.Now()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	answer := answered{Status: response.StatusCode, Headers: response.Header, Protocol: response.Proto}
	answer.seen(response.TLS)
	buffered := bufio.NewReader(response.Body)
	_, _ = buffered.Peek(1)
	answer.Begun = time.Since(begun).Seconds()
	told, err := io.ReadAll(io.LimitReader(buffered, maxBody))
	answer.Body = string(told)
	return answer, err
}

func (it *answered) seen(state *tls.ConnectionState) {
	if state != nil && len(state.PeerCertificates) > 0 {
		it.Names = state.PeerCertificates[0].DNSNames
		it.TLS = tls.VersionName(state.Version)
	}
}

func (it asked) webSocket(ctx context.Context) (answered, error) {
	transport, err := it.transport()
	if err != nil {
		return answered{}, err
	}
	headers := http.Header{}
	for name, value := range it.Headers {
		headers.Set(name, value)
	}
	options := &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, HTTPHeader: headers}
	connection, response, err := websocket.Dial(ctx, it.URL, options)
	answer := answered{}
	if response != nil {
		answer = answered{Status: response.StatusCode, Headers: response.Header, Protocol: response.Proto}
	}
	if err != nil {
		return answer, err
	}
	defer connection.CloseNow()
	_, told, err := connection.Read(ctx)
	answer.Body = string(told)
	if err != nil {
		return answer, err
	}
	for _, message := range it.Messages {
		if !sleep(ctx, time.Duration(it.Pause*float64(time.Second))) {
			return answer, ctx.Err()
		}
		if err := connection.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			return answer, err
		}
		_, heard, err := connection.Read(ctx)
		if err != nil {
			return answer, err
		}
		answer.Messages = append(answer.Messages, string(heard))
	}
	return answer, connection.Close(websocket.StatusNormalClosure, "")
}

// grpc calls the health service, whose path a controller sees as /grpc.health.v1.Health/Check.
func (it asked) grpc(ctx context.Context) (answered, error) {
	target, err := url.Parse(it.URL)
	if err != nil {
		return answered{}, err
	}
	address := target.Host
	// With TLS the authority is the server name.
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority(target.Host),
	}
	if target.Scheme == "https" {
		config, err := it.tls(target.Hostname())
		if err != nil {
			return answered{}, err
		}
		options = []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(config))}
	}
	if target.Port() == "" {
		address = net.JoinHostPort(target.Host, map[string]string{"http": "80", "https": "443"}[target.Scheme])
	}
	// Not resolved: the dialer connects to somewhere else.
	options = append(options, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return it.dial(ctx, "tcp", address)
	}))
	client, err := grpc.NewClient("passthrough:///"+address, options...)
	if err != nil {
		return answered{}, err
	}
	defer client.Close()
	for name, value := range it.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	var headers metadata.MD
	told, err := healthpb.NewHealthClient(client).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Header(&headers))
	answer := answered{Headers: headers, Protocol: "HTTP/2.0", Code: status.Code(err).String()}
	if err != nil {
		return answer, errors.New(status.Convert(err).Message())
	}
	answer.Body = told.GetStatus().String()
	return answer, nil
}
