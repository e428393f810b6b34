"""Terms of software, data and operations: the specialist's words and everybody's."""

from typing import Final

LANGUAGES: Final = """
python, java, javascript, typescript, rust, golang, kotlin, swift, scala, haskell, clojure, erlang,
elixir, ocaml, fortran, cobol, perl, php, ruby, lua, julia, matlab, bash, powershell, zsh, shell script,
sql, plpgsql, graphql, html, css, sass, c++, cpp, c#, csharp, f#, objective-c, vba, verilog, vhdl, assembly,
solidity, prolog, lisp, scheme, racket, dart, groovy, zig, nim, awk, sed, jq, latex, terraform, ansible,
dockerfile, makefile, cmake, react, angular, vue, svelte, django, flask, fastapi, rails, laravel, spring boot,
node.js, nodejs, express.js, nextjs, pandas, numpy, pytorch, tensorflow, sklearn, pyspark, jquery, yaml,
github actions, dotnet, in go, in r, in c, c program, vim, regex, regexp, regular expression
"""

SPECIALIST: Final = """
async, asynchronous, await, asyncio, coroutine, thread, threading, multithreading, thread-safe, mutex,
semaphore, deadlock, livelock, starvation, race condition, locking, optimistic locking, pessimistic locking, concurrency, parallelism, lock-free, atomic operation, memory
barrier, garbage collection, garbage collector, heap, stack overflow, pointer, reference counting,
borrow checker, lifetime, generics, polymorphism, inheritance, encapsulation, dependency injection,
design pattern, singleton, decorator, middleware, microservice, monolith, service mesh, event sourcing,
cqrs, saga, idempotent, idempotency, eventual consistency, consistency, cap theorem, acid, isolation level,
transaction, sharding, shard, partitioning, replication, replica, failover, load balancer, load balancing,
consensus, raft, paxos, quorum, distributed, latency, throughput, backpressure, rate limiter, rate limiting,
circuit breaker, cache invalidation, lru, ttl, memoization, dynamic programming, recursion, recursive,
backtracking, greedy algorithm, big o, time complexity, space complexity, asymptotic, binary search tree, binary
tree, b-tree, red-black, trie, hash table, hash map, hashmap, bloom filter, linked list, priority queue,
topological sort, dijkstra, shortest path, graph traversal, depth-first, breadth-first, quicksort, mergesort,
heapsort, n-queens, knapsack, travelling salesman, traveling salesman, np-hard, np-complete, turing machine,
halting problem, automaton, automata, finite state machine, state machine, lexer, tokenizer, parser, compiler,
interpreter, bytecode, jit, abstract syntax tree, recursive-descent, grammar parser, linker, kernel, syscall,
scheduler, paging, virtual memory, page fault, file descriptor, socket, tcp, udp, dns, tls, ssl, https,
handshake, certificate, oauth, jwt, sso, saml, csrf, xss, cors, sql injection, encryption, cryptography,
cryptographic, public key, private key, rsa, elliptic curve, hashing, salting, firewall, vpn, subnet, nat, bgp,
bastion, proxy, reverse proxy, nginx, kafka, rabbitmq, message queue, pubsub, websocket, grpc, protobuf,
rest api, restful, endpoint, webhook, json schema, schema, normalization, normalisation, denormalization,
third normal form, foreign key, primary key, index scan, query plan, execution plan, left join, inner join,
window function, cte, subquery, materialized view, stored procedure, trigger function, orm, migration script,
etl, data pipeline, data warehouse, data lake, star schema, slowly changing dimension, airflow, dbt, spark, hadoop,
snowflake, bigquery, redis, postgres, postgresql, mysql, sqlite, mongodb, cassandra, dynamodb, elasticsearch,
docker, docker-compose, kubernetes, kubectl, helm, pod, container image, ingress, autoscaling, canary deployment,
blue-green, rollback, rollout, ci/cd, continuous integration, pipeline, prometheus, grafana, observability,
tracing, telemetry, terraform module, infrastructure as code, serverless, lambda function, iam, vpc, cron job,
systemd, segfault, segmentation fault, null pointer, nullpointerexception, stack trace, traceback, core dump,
memory leak, heap dump, profiler, profiling, debugger, breakpoint, unit test, integration test, mocking,
test coverage, refactoring, code review, technical debt, static analysis, type system, type inference, monad,
functor, closure, lazy evaluation, event loop, promise, callback, observable, reactive, virtual dom, useeffect, usestate,
hydration, server-side rendering, webpack, bundler, neural network, deep learning, machine learning, transformer,
attention mechanism, embedding, gradient descent, backpropagation, overfitting, regularization, regularisation,
hyperparameter, convolutional, lstm, fine-tuning, quantization, reinforcement learning, random forest, logistic
regression, k-means, clustering algorithm, cross-validation, confusion matrix, feature engineering, data leakage, class imbalance,
vectorization, simd, gpu, cuda, fpga, microcontroller, interrupt, rtos, bitmask, bitwise, endianness,
floating point, two's complement, checksum, hamming code, crdt, merkle tree, blockchain, smart contract, wasm,
webassembly, sandboxing, hypervisor, virtual machine, raid, zfs, inode, journaling, tail latency, connection pool,
deserialization, serialization, dataframe, data structure, sorting algorithm, search algorithm, path finding, kubernetes cluster,
upsert, vacuum, deduplication, idempotence, rollups, time series, single sign-on, multi-tenant, access control, threat model
"""

COMMON: Final = """
algorithm, api, array, backend, boolean, browser, cache, class, cli, client, cloud, cluster, code, codebase,
command line, compile, component, config, configuration, container, cookie, csv, daemon, dashboard, database, dataset,
debug, dependency, deploy, deployment, developer, devops, dictionary, endpoint, exception, excel formula, framework,
frontend, function, git, github, hash, hosting, html, http, ide, index, integer, iterator, java, json, key,
kernel, library, linux, logging, loop, merge, metadata, method, module, network, object, open source, operating system,
package, parameter, parse, password, plugin, port, process, protocol, query, queue, release, repository, request, router,
runtime, sandbox, script, sdk, server, session, software, spreadsheet, sql, stack, staging, string, struct, syntax, table,
template, terminal, tuple, ubuntu, unicode, url, variable, version, virtualenv, web page, website, xml, bug, crash,
timeout, logs, payload, column, row, join, token, byte, buffer, compiler, data, ssh, bandwidth, app, repo
"""

CODE_OBJECTS: Final = """
script, function, program, package, sql query, regex, regular expression, algorithm, application, api, endpoint, parser, cli tool, command-line tool,
web page, webpage, website, web app, mobile app, chatbot, crawler, scraper, browser extension, stored procedure, trigger function, unit test, unit tests, test suite, dockerfile, makefile,
cron job, microservice, backend, frontend, data structure, linked list, binary tree, hash map, compiler, interpreter, tokenizer, lexer, decorator,
coroutine, middleware, classifier, simulator, state machine, rate limiter, module, sdk, playbook, helm chart, config file, source code, code, snippet,
subroutine, bash script, shell script, one-liner, excel formula, spreadsheet formula, macro, bot, solver, calculator, query, schema, pipeline, app, migration, browser game, snake game
"""
