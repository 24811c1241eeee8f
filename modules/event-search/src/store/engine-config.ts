import { sealedPolicy } from '../events-table.ts';

/** Where the engine finds the disk key while it opens; unset again afterwards. */
export const keyVariable = 'SALLYPORT_STORE_KEY_HEX';

/**
 * The engine's configuration file. It holds no secret. The encrypted disk has no `path` of its own: with one, the engine
 * looks for directories to fsync under a doubled path and refuses every insert.
 */
export function engineConfig(options: { directory: string; memoryLimitBytes: number }): string {
  const disk = escapeXml(`${options.directory}/disk/`);
  return `<clickhouse>
  <storage_configuration>
    <disks>
      <files><type>local</type><path>${disk}</path></files>
      <sealed><type>encrypted</type><disk>files</disk><algorithm>AES_256_CTR</algorithm><key_hex from_env="${keyVariable}"/></sealed>
    </disks>
    <policies><${sealedPolicy}><volumes><main><disk>sealed</disk></main></volumes></${sealedPolicy}></policies>
  </storage_configuration>
  <tmp_policy>${sealedPolicy}</tmp_policy>
  <max_server_memory_usage>${options.memoryLimitBytes}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>16</background_schedule_pool_size>
  <send_crash_reports><enabled>false</enabled></send_crash_reports>
  <core_dump><size_limit>0</size_limit></core_dump>
  ${systemLogs.map((log) => `<${log} remove="1"/>`).join('')}
</clickhouse>
`;
}

/** Tables in which the engine would keep queries, and with them what was searched for. */
const systemLogs = [
  'query_log',
  'query_thread_log',
  'query_views_log',
  'query_metric_log',
  'part_log',
  'text_log',
  'trace_log',
  'crash_log',
  'metric_log',
  'error_log',
  'latency_log',
  'asynchronous_metric_log',
  'asynchronous_insert_log',
  'processors_profile_log',
  'opentelemetry_span_log',
  'session_log',
  'zookeeper_log',
  'backup_log',
  'blob_storage_log',
  'background_schedule_pool_log',
];

/** Settings every connection starts with. Nothing may spill: a sort or a group that does not fit is refused instead. */
export function connectionArguments(options: {
  configFile: string;
  memoryLimitBytes: number;
  threads: number;
}): string[] {
  const settings = {
    'config-file': options.configFile,
    async_load_databases: 0,
    async_load_system_database: 0,
    max_threads: options.threads,
    max_insert_threads: 1,
    // Originals are large: by the engine's own measure, 65,536 rows at a time, a count that opens them needed 600 MiB.
    max_block_size: 8192,
    preferred_max_column_in_block_size_bytes: 16_777_216,
    max_memory_usage: Math.floor(options.memoryLimitBytes * 0.6),
    max_bytes_before_external_group_by: 0,
    max_bytes_ratio_before_external_group_by: 0,
    max_bytes_before_external_sort: 0,
    max_bytes_ratio_before_external_sort: 0,
    max_bytes_before_external_join: 0,
    max_bytes_ratio_before_external_join: 0,
    log_queries: 0,
    log_query_threads: 0,
    log_processors_profiles: 0,
    query_profiler_real_time_period_ns: 0,
    query_profiler_cpu_time_period_ns: 0,
    output_format_json_escape_forward_slashes: 0,
    output_format_json_quote_64bit_integers: 0,
    allow_introspection_functions: 0,
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
