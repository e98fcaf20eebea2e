package main

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// newHealthService is the standard gRPC health service. In its headers it tells what it was asked
// with: `pod`, and for every header that came `got-` and its name.
func newHealthService(pod string) http.Handler {
	tell := func(ctx context.Context, call any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		headers := metadata.Pairs("pod", pod)
		came, _ := metadata.FromIncomingContext(ctx)
		for name, values := range came {
			name = strings.TrimPrefix(name, ":")
			// Those of the protocol itself are not to be repeated.
			if name != "content-type" && !strings.HasPrefix(name, "grpc-") {
				headers.Append("got-"+name, values...)
			}
		}
		if err := grpc.SetHeader(ctx, headers); err != nil {
			return nil, err
		}
		return handle(ctx, call)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(tell))
	healthpb.RegisterHealthServer(server, health.NewServer())
	return server
}
