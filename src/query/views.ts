/** Fields of all records, and their types: what a line lacks is null. */
export const COLUMNS: Readonly<Record<string, string>> = {
  ...columns('VARCHAR', 'type proc func file kind session_id agent test side client method url outcome phase'),
  ...columns('VARCHAR', 'tag outer_session_id node cwd script platform handit hash origin reason signal from'),
  ...columns('BIGINT', 'id parent t0_ns t1_ns dt_ns ts_ns ttfb_ns first_token_ns test_id call bytes_in bytes_out'),
  ...columns('BIGINT', 'calls recorded exceptions events files'),
  ...columns('INTEGER', 'line column status attempt try pid ppid tid exit_code'),
  ...columns('BOOLEAN', 'async generator pending capped aborted again'),
  ...columns('JSON', 'args_preview this_preview return_preview error headers request_body response_body'),
  ...columns('JSON', 'titles data attrs argv git ci trace socket dropped functions'),
};

/** Of lines that are about a call: `call`, `return`, `exception`, `settle`. */
export const CALL_COLUMNS: ReadonlySet<string> = new Set([
  ...words('type proc id parent func file line column kind async generator t0_ns t1_ns dt_ns again capped pending'),
  ...words('args_preview return_preview error session_id agent test test_id'),
]);

function columns(type: string, names: string): Record<string, string> {
  return Object.fromEntries(words(names).map((name) => [name, type]));
}

function words(text: string): string[] {
  return text.split(' ');
}

const SCOPE = 'session_id, agent, test, test_id';
const keyed = (a: string, b: string): string =>
  `${a}.source = ${b}.source and ${a}.proc = ${b}.proc and ${a}.id = ${b}.id`;
const error = (of: string): string =>
  `${of} ->> 'name' as error_name, ${of} ->> 'message' as error_message, ${of} as error`;

export interface View {
  readonly what: string;
  readonly sql: string;
  /** The table in it, in its last condition, whose rows may begin again in a later file. */
  readonly begins?: string;
}

/** @param again whether anything begins again: to look for that takes as long as everything else */
export function viewSql({ sql, begins }: View, again: boolean): string {
  if (!again || begins === undefined) return sql;
  return `${sql} and (${begins}.again is null or (${begins}.source, ${begins}.proc, ${begins}.id) not in
    (select (source, proc, id) from raw where again is null and type in ('call', 'http_request')))`;
}

/** What a query may read. `raw` is made first, of the files. */
export const VIEWS: Readonly<Record<string, View>> = {
  calls: {
    what: 'a row a call, with how it ended',
    begins: 'c',
    sql: `select c.source, c.proc, c.id, c.parent, c.func, c.file, c.line, c."column", c.kind,
      coalesce(c.async, false) as async, coalesce(c.generator, false) as generator, c.t0_ns, e.t1_ns,
      coalesce(s.dt_ns, e.dt_ns) as dt_ns, case when e.type is null then 'open' when e.type = 'exception' then 'threw'
        when s.error is not null then 'rejected' when e.pending and s.type is null then 'pending' else 'returned' end as outcome,
      c.args_preview as args, coalesce(s.return_preview, e.return_preview) as result,
      ${error('coalesce(e.error, s.error)')},
      c.session_id, c.agent, c.test, c.test_id
    from raw c left join raw e on e.type in ('return', 'exception') and ${keyed('e', 'c')}
      left join raw s on s.type = 'settle' and ${keyed('s', 'c')} where c.type = 'call'`,
  },
  http: {
    what: 'a row an HTTP exchange, with its response or failure',
    begins: 'q',
    sql: `select q.source, q.proc, q.id, q.parent, q.side, q.client, q.method, q.url,
      regexp_extract(q.url, '^\\w+://([^/?#]*)', 1) as host, regexp_extract(q.url, '^\\w+://[^/?#]*([^?#]*)', 1) as path,
      e.status, q.t0_ns, e.t1_ns, e.dt_ns, e.ttfb_ns, e.first_token_ns, coalesce(e.bytes_out, q.bytes_out) as bytes_out, e.bytes_in,
      case when e.type is null then 'open' when e.aborted then 'aborted' when e.type = 'http_error' then 'failed'
        else 'answered' end as outcome, ${error('e.error')},
      q.headers as request_headers, e.headers as response_headers,
      coalesce(e.request_body, q.request_body) as request_body, e.response_body, q.call, q.attempt,
      q.session_id, q.agent, q.test, q.test_id
    from raw q left join raw e on e.type in ('http_response', 'http_error') and ${keyed('e', 'q')}
    where q.type = 'http_request'`,
  },
  tests: {
    what: 'a row a try of a test',
    sql: `select source, proc, test_id, test, file, titles, try, outcome, phase, t1_ns - dt_ns as t0_ns, t1_ns, dt_ns,
      ${error('raw.error')} from raw where type = 'test_end'`,
  },
  sessions: {
    what: 'a row a session',
    sql: `select b.source, b.proc, b.session_id, b.tag, b.parent, b.outer_session_id, b.attrs, b.agent, b.test, b.test_id,
      b.t0_ns, e.t1_ns, e.dt_ns, ${error('e.error')}
    from raw b left join raw e on e.type = 'session_end' and e.source = b.source and e.proc = b.proc
      and e.session_id = b.session_id where b.type = 'session_start'`,
  },
  functions: {
    what: 'a row a function: how often it was called, exactly also where calls were capped, and times of recorded calls',
    sql: `select coalesce(c.func, s.func) as func, coalesce(c.file, s.file) as file, coalesce(c.line, s.line) as line,
      greatest(coalesce(s.calls, 0), coalesce(c.calls, 0)) as calls, coalesce(c.calls, 0) as recorded,
      greatest(coalesce(s.exceptions, 0), coalesce(c.exceptions, 0)) as exceptions,
      c.total_ns, c.p50_ns, c.p99_ns, c.max_ns
    from (select func, file, line, count(*) as calls, count(*) filter (outcome = 'threw') as exceptions,
        sum(dt_ns)::bigint as total_ns, quantile_disc(dt_ns, 0.5) as p50_ns, quantile_disc(dt_ns, 0.99) as p99_ns,
        max(dt_ns) as max_ns from calls group by all) c
      full join (select func, file, line, sum(calls)::bigint as calls, sum(exceptions)::bigint as exceptions
        from (select source, proc, func, file, line, max(calls) as calls, max(exceptions) as exceptions from raw
          where type = 'summary' group by all) group by all) s
      on s.func = c.func and s.file = c.file and s.line = c.line`,
  },
  annotations: {
    what: 'a row a piece of data that the program attached',
    sql: `select source, proc, id, ts_ns, data, ${SCOPE} from raw where type = 'annotation'`,
  },
  modules: {
    what: 'a row a file that was recorded',
    sql: `select source, proc, file, hash, origin, functions from raw where type = 'module'`,
  },
};

const NAMED = 'func, file, line';

export interface Question {
  readonly summary: string;
  readonly sql: string;
}

/** Asked by an option instead of SQL. */
export const QUESTIONS: Readonly<Record<string, Question>> = {
  slow: {
    summary: 'functions by the time their calls took',
    sql: `select ${NAMED}, calls, total_ns / 1e6 as total_ms, p50_ns / 1e6 as p50_ms, p99_ns / 1e6 as p99_ms,
      max_ns / 1e6 as max_ms from functions where total_ns is not null order by total_ns desc`,
  },
  errors: {
    summary: 'what was thrown, and how often',
    sql: `select error_name, error_message, count(*) as times, count(distinct test) as tests, min_by(func, t1_ns) as func,
      min_by(file, t1_ns) as file, min_by(line, t1_ns) as line, min_by(proc || ':' || id, t1_ns) as first from calls
      where outcome in ('threw', 'rejected') group by error_name, error_message order by times desc, first`,
  },
  http: {
    summary: 'exchanges by route',
    sql: `select side, method, host, path, count(*) as times, count(*) filter (status >= 400 or outcome = 'failed') as failed,
      quantile_disc(dt_ns, 0.5) / 1e6 as p50_ms, max(dt_ns) / 1e6 as max_ms from http group by all order by times desc, path`,
  },
  repeated: {
    summary: 'the same function with the same arguments, and what the repetitions cost',
    sql: `select ${NAMED}, args, count(*) as times, (sum(dt_ns) - min(dt_ns)) / 1e6 as wasted_ms from calls
      where dt_ns is not null group by source, proc, ${NAMED}, args having count(*) > 1 order by wasted_ms desc`,
  },
  impure: {
    summary: 'the same function with the same arguments and different results',
    sql: `select ${NAMED}, args, count(*) as times, count(distinct result) as results, min(result::varchar) as one,
      max(result::varchar) as another from calls where outcome = 'returned' group by source, proc, ${NAMED}, args
      having count(distinct result) > 1 order by results desc, times desc`,
  },
};

/** Tests that called the function that has the line: the last one that begins above it. `$1` is the file, `$2` the line. */
export const REACH = `with starts as (select file, line from calls union
    select file, (unnest(functions::json[]) ->> 0)::integer from modules where functions is not null)
  select distinct test, func, file, line from calls where test is not null and (file, line) in (select file, max(line)
    from starts where line <= $2::integer and (file = $1 or ends_with(file, '/' || $1)) group by file) order by test`;
