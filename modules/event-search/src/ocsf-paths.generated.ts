// Generated from the OCSF 1.8.0 schema (Apache-2.0) by tools/generate-ocsf-paths.ts.

/** A line an object: its attributes; `name>type` (`name>`: the same name) where an attribute is an object, `[]` where it is a list. */
export const ocsfPaths = `
event: access_analysis_result> access_list[] access_mask access_result>object account_switch_type account_switch_type_id action action_id activity_id activity_name actor> actual_permissions ai_model> aircraft> analytic> anomaly_analyses[]>anomaly_analysis answers[]>dns_answer api> app>product app_name app_protocol_name application> applications[]>application assessments[]>assessment assignee>user assignee_group>group attacks[]>attack attempt auid auth_factors[]>auth_factor auth_protocol auth_protocol_id auth_type auth_type_id authentication_token> authorizations[]>authorization banner base_address capabilities[] category_name category_uid certificate> certificate_chain[] cis_benchmark_result> cis_csc[]> class_name class_uid classification client_dialects[] client_hassh>hassh cloud> codes[] command command_responses[] command_uid comment compliance> component confidence confidence_id confidence_score connection_info>network_connection_info connection_uid container> count countermeasures[]>d3fend create_mask cumulative_traffic>network_traffic data_classification> data_classifications[]>data_classification data_security> data_sources[] database> databucket> dce_rpc> delay desc device> dialect direction direction_id dispersion disposition disposition_id driver>kernel_driver dst_endpoint>network_endpoint duration egid email> email_auth> email_uid end_time enrichments[]>enrichment entity>managed_entity entity_result>managed_entity euid evidence>object evidences[]> exit_code expiration_time file> file_diff file_result>file finding> finding_info> finding_info_list[]>finding_info firewall_rule> folder>file from group> http_cookies[]>http_cookie http_request> http_response> http_status identifier_cookie identity_activity_metrics> idp> impact impact_id impact_score injection_type injection_type_id is_alert is_cleartext is_mfa is_new_logon is_remote is_renewal is_src_dst_assignment_known is_suspected_breach ja4_fingerprint_list[]>ja4_fingerprint job> kb_article_list[]>kb_article kernel> keyboard_info> kill_chain[]>kill_chain_phase last_run_time launch_type launch_type_id lease_dur load_balancer> log_name log_provider log_type log_type_id logon_process>process logon_type logon_type_id malware[]> malware_scan_info> message message_context> message_trace_uid metadata> module> name namespace_pid network_interfaces[]>network_interface network_observation_point>network_endpoint nist[] num_detections num_files num_folders num_network_items num_processes num_registry_items num_resolutions num_skipped_items num_trusted_items observables[]>observable observation_point observation_point_id open_mask open_type osint[]> package> packet_list[]>packet peripheral_device> permission_analysis_results[]>permission_analysis_result policies[]>policy policy> port precision prev_reg_key>reg_key prev_reg_value>reg_value prev_security_level prev_security_level_id prev_security_states[]>security_state priority priority_id privileges[] process> product> protocol_name protocol_ver proxy>network_proxy proxy_connection_info>network_connection_info proxy_endpoint>network_proxy proxy_http_request>http_request proxy_http_response>http_response proxy_tls>tls proxy_traffic>network_traffic query>dns_query query_evidence> query_info> query_result query_result_id query_time raw_data raw_data_hash>fingerprint raw_data_size rcode rcode_id reg_key> reg_value> region relay>network_interface remediation> remote_display>display request> requested_permissions resource>resource_details resources[]>resource_details response> response_time risk_details risk_level risk_level_id risk_score rssi run_count sbom> scan> schedule_uid script> security_level security_level_id security_states[]>security_state server_hassh>hassh service> session> severity severity_id share share_type share_type_id size smtp_hello src_endpoint>network_endpoint src_url start_time startup_item> state state_id status status_code status_detail status_id stratum stratum_id subgroup>group table> ticket> tickets[]>ticket time timezone_offset tls> to[] total trace> traffic>network_traffic transaction_uid tree_uid tunnel_interface>network_interface tunnel_type tunnel_type_id type type_id type_name type_uid unmanned_aerial_system> unmanned_system_operating_area> unmanned_system_operator>user unmapped>object url> user> user_result>user users[]>user vendor_attributes> verdict verdict_id version vulnerabilities[]>vulnerability web_resources[]>web_resource web_resources_result[]>web_resource win_resource> win_service>
_dns: class packet_uid type
_entity: name uid
_resource: created_time data>object data_classification> data_classifications[]>data_classification labels[] modified_time name tags[]>key_value_object type uid uid_alt
access_analysis_result: access_level access_type accessors[]>user additional_restrictions[]>additional_restriction condition_keys[]>key_value_object granted_privileges[]
account: is_disabled is_locked is_on_premises_sync_enabled labels[] name tags[]>key_value_object type type_id uid
actor: app_name app_uid authorizations[]>authorization idp> invoked_by process> session> user>
additional_restriction: policy> status status_id
advisory: avg_timespan>timespan bulletin classification created_time desc install_state install_state_id is_superseded modified_time os> product> references[] related_cves[]>cve related_cwes[]>cwe size src_url title uid
affected_code: end_column end_line file> owner>user remediation> rule> start_column start_line
affected_package: architecture cpe_name epoch fixed_in_version hash>fingerprint license license_url name package_manager package_manager_url path purl release remediation> src_url type type_id uid vendor_name version
agent: name policies[]>policy type type_id uid uid_alt vendor_name version
ai_model: ai_provider name uid version
aircraft: location> model name serial_number speed speed_accuracy track_direction uid uid_alt vertical_speed
analysis_target: name type
analytic: algorithm category desc name related_analytics[]>analytic state state_id type type_id uid version
anomaly: observation_parameter observation_type observations[]>observation observed_pattern
anomaly_analysis: analysis_targets[]>analysis_target anomalies[]>anomaly baselines[]>baseline
api: group> operation request> response> service> token> version
application: criticality data>object desc group> hostname labels[] name owner>user region resource_relationship>graph risk_level risk_level_id risk_score sbom> tags[]>key_value_object type uid uid_alt url> version
assessment: category desc meets_criteria name policy> uid
attack: mitigation> sub_technique> tactic> tactics[]>tactic technique> version
auth_factor: device> email_addr factor_type factor_type_id is_hotp is_totp phone_number provider security_questions[]
authentication_token: created_time encryption_details> expiration_time is_renewable kerberos_flags modified_time name tenant_uid type type_id uid zone
authorization: decision policy>
autonomous_system: name number
baseline: observation_parameter observation_type observations[]>observation observed_pattern
campaign: name
certificate: created_time expiration_time fingerprints[]>fingerprint is_self_signed issuer sans[]>san serial_number subject uid version
check: desc name resource>resource_details severity severity_id standards[] status status_id uid version
cis_benchmark: cis_controls[]>cis_control desc name
cis_benchmark_result: desc name remediation> rule>
cis_control: desc name version
cis_csc: control version
classifier_details: name type uid
cloud: account> cloud_partition org>organization project_uid provider region zone
compliance: assessments[]>assessment category checks[]>check compliance_references[]>kb_article compliance_standards[]>kb_article control control_parameters[]>key_value_object desc requirements[] standards[] status status_code status_detail status_details[] status_id
container: hash>fingerprint image> labels[] name network_driver orchestrator pod_uuid runtime size tag tags[]>key_value_object uid
cve: created_time cvss[]> cwe> cwe_uid cwe_url desc epss> modified_time product> references[] related_cwes[]>cwe title type uid
cvss: base_score depth metrics[]>metric overall_score severity src_url vector_string vendor_name version
cwe: caption src_url uid
d3f_tactic: name src_url uid
d3f_technique: name src_url uid
d3fend: d3f_tactic> d3f_technique> version
data_classification: category category_id classifier_details> confidentiality confidentiality_id discovery_details[]> policy> size src_url status status_details[] status_id total uid
data_security: category category_id classifier_details> confidentiality confidentiality_id data_lifecycle_state data_lifecycle_state_id detection_pattern detection_system detection_system_id discovery_details[]> pattern_match policy> size src_url status status_details[] status_id total uid
database: created_time data_classification> data_classifications[]>data_classification desc embedding_model groups[]>group modified_time name size type type_id uid
databucket: agent_list[]>agent cloud_partition created_time criticality data>object data_classification> data_classifications[]>data_classification desc encryption_details> file> group> groups[]>group hostname ip is_backed_up is_encrypted is_public labels[] modified_time name namespace owner>user region resource_relationship>graph size tags[]>key_value_object type type_id uid uid_alt version zone
dce_rpc: command command_response flags[] opnum rpc_interface>
device: agent_list[]>agent autoscale_uid boot_time boot_uid container> created_time desc domain eid first_seen_time groups[]>group hostname hw_info>device_hw_info hypervisor iccid image> imei imei_list[] instance_uid interface_name interface_uid ip is_backed_up is_compliant is_managed is_mobile_account_active is_personal is_shared is_supervised is_trusted last_seen_time location> mac mac_vendor meid model modified_time name namespace_pid network_interfaces[]>network_interface org>organization os> os_machine_uuid owner>user pool>group region risk_level risk_level_id risk_score subnet subnet_uid type type_id udid uid uid_alt vendor_name vlan_uid vpc_uid zone
device_hw_info: bios_date bios_manufacturer bios_ver chassis cpu_architecture cpu_architecture_id cpu_bits cpu_cores cpu_count cpu_speed cpu_type desktop_display>display gpu_count gpu_info_list[]>gpu_info keyboard_info> ram_size serial_number uuid vendor_name
digital_signature: algorithm algorithm_id certificate> created_time developer_uid digest>fingerprint state state_id
discovery_details: count occurrence_details> occurrences[]>occurrence_details type value
display: color_depth physical_height physical_orientation physical_width scale_factor
dns_answer: class flag_ids[] flags[] packet_uid rdata ttl type
dns_query: class hostname opcode opcode_id packet_uid type
domain_contact: email_addr location> name phone_number type type_id uid
edge: data>object is_directed name relation source target uid
email: cc[] cc_mailboxes[] data_classification> data_classifications[]>data_classification delivered_to delivered_to_list[] files[]>file from from_list[] from_mailbox from_mailboxes[] http_headers[]>http_header is_read message_uid raw_header reply_to reply_to_list[] reply_to_mailboxes[] return_path sender sender_mailbox size smtp_from smtp_to[] subject to[] to_mailboxes[] uid urls[]>url x_originating_ip[]
email_auth: dkim dkim_domain dkim_signature dmarc dmarc_override dmarc_policy spf
encryption_details: algorithm algorithm_id key_length key_uid type
endpoint: agent_list[]>agent container> domain hostname hw_info>device_hw_info instance_uid interface_name interface_uid ip location> mac mac_vendor name namespace_pid os> owner>user pool>group subnet_uid type type_id uid vlan_uid vpc_uid zone
endpoint_connection: code network_endpoint>
enrichment: created_time data>object desc name provider reputation> short_desc src_url type value
environment_variable: name value
epss: created_time percentile score version
evidences: actor> api> connection_info>network_connection_info container> data>object database> databucket> device> dst_endpoint>network_endpoint email> file> http_request> http_response> ja4_fingerprint_list[]>ja4_fingerprint job> name process> query>dns_query reg_key> reg_value> resources[]>resource_details script> src_endpoint>network_endpoint tls> uid url> user> verdict verdict_id win_service>
extension: name uid version
feature: name uid version
file: accessed_time accessor>user attributes company_name confidentiality confidentiality_id created_time creator>user data_classification> data_classifications[]>data_classification desc drive_type drive_type_id encryption_details> ext hashes[]>fingerprint imported_symbols[] internal_name is_deleted is_encrypted is_public is_readonly is_system mime_type modified_time modifier>user name owner>user parent_folder path product> security_descriptor signature>digital_signature signatures[]>digital_signature size storage_class tags[]>key_value_object type type_id uid uri url> version volume xattributes>object
finding: created_time desc first_seen_time last_seen_time modified_time product> product_uid related_events[]>related_event remediation> src_url supporting_data>object title types[] uid
finding_info: analytic> attack_graph>graph attacks[]>attack created_time data_sources[] desc first_seen_time kill_chain[]>kill_chain_phase last_seen_time modified_time product> product_uid related_analytics[]>analytic related_events[]>related_event related_events_count src_url tags[]>key_value_object title traits[]>trait types[] uid uid_alt
fingerprint: algorithm algorithm_id value
firewall_rule: category condition desc duration match_details[] match_location name rate_limit sensitivity type uid version
function_invocation: error parameters[]>parameter return_value
gpu_info: bus_type bus_type_id cores model vendor_name vram_mode vram_mode_id vram_size
graph: desc edges[]>edge is_directed name nodes[]>node query_language query_language_id type uid
group: desc domain name privileges[] type uid uid_alt
hassh: algorithm fingerprint>
http_cookie: domain expiration_time http_only is_http_only is_secure name path samesite secure value
http_header: name value
http_request: args body_length http_headers[]>http_header http_method length referrer uid url> user_agent version x_forwarded_for[]
http_response: body_length code content_type http_headers[]>http_header latency length message status
identity_activity_metrics: first_seen_time last_authentication_time last_seen_time password_last_used_time programmatic_credentials[]>programmatic_credential
idp: auth_factors[]>auth_factor domain fingerprint> has_mfa issuer name protocol_name scim> sso> state state_id tenant_uid uid url_string
image: labels[] name path tag tags[]>key_value_object uid
ja4_fingerprint: section_a section_b section_c section_d type type_id value
job: cmd_line created_time desc file> last_run_time name next_run_time run_state run_state_id user>
kb_article: avg_timespan>timespan bulletin classification created_time install_state install_state_id is_superseded os> product> severity size src_url title uid
kernel: is_system name path system_call type type_id
kernel_driver: file>
key_value_object: name value values[]
keyboard_info: function_keys ime keyboard_layout keyboard_subtype keyboard_type
kill_chain_phase: phase phase_id
ldap_person: cost_center created_time deleted_time department display_name email_addrs[] employee_uid given_name hire_time job_title labels[] last_login_time ldap_cn ldap_dn leave_time location> manager>user modified_time office_location phone_number surname tags[]>key_value_object
load_balancer: classification code dst_endpoint>network_endpoint endpoint_connections[]>endpoint_connection error_message ip message metrics[]>metric name status_detail uid
location: aerial_height city continent coordinates[] country desc geodetic_altitude geodetic_vertical_accuracy geohash horizontal_accuracy is_on_premises isp lat long postal_code pressure_altitude provider region
logger: device> event_uid is_truncated log_format log_level log_name log_provider log_version logged_time name product> transmit_time uid untruncated_size version
long_string: is_truncated untruncated_size value
malware: classification_ids[] classifications[] cves[]>cve files[]>file name num_infected path provider severity severity_id uid
malware_scan_info: end_time name num_files num_infected num_volumes size start_time type type_id uid unique_malware_count
managed_entity: data>object device> email> group> location> name org>organization policy> type type_id uid user> version
message_context: ai_role ai_role_id application> completion_tokens name prompt_tokens service> total_tokens uid
metadata: correlation_uid data_classification> data_classifications[]>data_classification debug[] event_code extension> extensions[]>extension is_truncated labels[] log_format log_level log_name log_provider log_source log_version logged_time loggers[]>logger modified_time original_event_uid original_time processed_time product> profiles[] reporter> sequence source tags[]>key_value_object tenant_uid total_queued_duration>timespan transformation_info_list[]>transformation_info transmit_time type uid untruncated_size version
metric: name value
mitigation: countermeasures[]>d3fend name src_url uid
module: base_address file> function_invocation> function_name load_type load_type_id start_address type
network_connection_info: boundary boundary_id community_uid direction direction_id flag_history protocol_name protocol_num protocol_ver protocol_ver_id session> tcp_flags uid
network_endpoint: agent_list[]>agent autonomous_system> container> domain fingerprints[]>fingerprint hostname hw_info>device_hw_info instance_uid interface_name interface_uid intermediate_ips[] ip isp isp_org location> mac mac_vendor name namespace_pid network_scope network_scope_id os> owner>user pool>group port proxy_endpoint>network_proxy subnet_uid svc_name type type_id uid vlan_uid vpc_uid zone
network_interface: hostname ip mac name namespace open_ports[]>port_info subnet_prefix type type_id uid
network_proxy: agent_list[]>agent autonomous_system> container> domain fingerprints[]>fingerprint hostname hw_info>device_hw_info instance_uid interface_name interface_uid intermediate_ips[] ip isp isp_org location> mac mac_vendor name namespace_pid network_scope network_scope_id os> owner>user pool>group port proxy_endpoint>network_proxy subnet_uid svc_name type type_id uid vlan_uid vpc_uid zone
network_traffic: bytes bytes_in bytes_missed bytes_out chunks chunks_in chunks_out end_time packets packets_in packets_out start_time timespan>
node: data>object desc name type uid
object: 
observable: event_uid name reputation> type type_id type_uid value
observation: count timespan> value
occurrence_details: cell_name column_name column_number end_line json_path page_number record_index_in_array row_number start_line
organization: name ou_name ou_uid uid
os: build country cpe_name cpu_bits edition kernel_release lang name sp_name sp_ver type type_id version
osint: answers[]>dns_answer attacks[]>attack autonomous_system> campaign> category comment confidence confidence_id created_time creator>user desc detection_pattern detection_pattern_type detection_pattern_type_id email> email_auth> expiration_time external_uid file> intrusion_sets[] kill_chain[]>kill_chain_phase labels[] location> malware[]> modified_time name references[] related_analytics[]>analytic reputation> risk_score script> severity severity_id signatures[]>digital_signature src_url subdomains[] subnet threat_actor> tlp type type_id uid uploaded_time value vendor_name vulnerabilities[]>vulnerability whois>
package: architecture cpe_name epoch hash>fingerprint license license_url name package_manager package_manager_url purl release src_url type type_id uid vendor_name version
packet: encoding encoding_id end_offset format format_id sequence_number source source_id start_offset value
parameter: name post_value pre_value
peripheral_device: class model name serial_number type type_id uid vendor_id_list[] vendor_name
permission_analysis_result: analyzed_privileges_count condition_keys[]>key_value_object granted_privileges[] policy> service_privilege_analysis_list[]>service_privilege_analysis total_potential_attacks_count unused_privileges_count unused_services_count
policy: data>object desc group> is_applied name type uid version
port_info: port protocol_name protocol_num
privilege_attack_info: attack> privilege_info_list[]>privilege_info
privilege_info: is_unused last_used_time name type type_id
process: ancestry[]>process_entity cmd_line container> cpid created_time environment_variables[]>environment_variable file> hosted_services[]>win_service integrity integrity_id lineage[] loaded_modules[] name namespace_pid parent_process>process path pid ptid sandbox session> terminated_time tid uid user> working_directory xattributes>object
process_entity: cmd_line cpid created_time name path pid uid
product: cpe_name data_classification> data_classifications[]>data_classification feature> lang name path uid url_string vendor_name version
programmatic_credential: last_used_time type uid
query_evidence: connection_info>network_connection_info file> folder>file group> job> kernel> module> network_interfaces[]>network_interface peripheral_device> process> query_type query_type_id reg_key> reg_value> service> session> startup_item> state tcp_state_id user> users[]>user
query_info: bytes data>object name query_string query_time uid
reg_key: is_system modified_time path security_descriptor
reg_value: data>object is_default is_system modified_time name path reg_binary_data reg_integer_data reg_string_data reg_string_list_data[] type type_id
related_event: attacks[]>attack count created_time desc first_seen_time kill_chain[]>kill_chain_phase last_seen_time modified_time observables[]>observable product> product_uid severity severity_id status tags[]>key_value_object title traits[]>trait type type_name type_uid uid
remediation: cis_controls[]>cis_control desc kb_article_list[]>kb_article kb_articles[] references[]
reporter: hostname ip name org>organization uid
reputation: base_score provider score score_id
request: containers[]>container data>object flags[] uid
resource_details: agent_list[]>agent cloud_partition created_time criticality data>object data_classification> data_classifications[]>data_classification group> hostname ip is_backed_up labels[] modified_time name namespace owner>user provider region resource_relationship>graph role role_id tags[]>key_value_object type uid uid_alt version zone
response: code containers[]>container data>object error error_message flags[] message
rpc_interface: ack_reason ack_result uuid version
rule: category desc name type uid version
san: name type
sbom: created_time package> product> software_components[]>software_component type type_id uid version
scan: name type type_id uid
scim: auth_protocol auth_protocol_id created_time error_message is_group_provisioning_enabled is_user_provisioning_enabled last_run_time modified_time name protocol_name rate_limit scim_group_schema>object scim_user_schema>object state state_id uid uid_alt url_string vendor_name version
script: file> hashes[]>fingerprint name parent_uid script_content>long_string type type_id uid
security_state: state state_id
service: labels[] name tags[]>key_value_object uid version
service_privilege_analysis: all_privileges_unused analyzed_privileges_count execute_count last_used_time name privilege_attack_info_list[]>privilege_attack_info read_count unused_privileges_count write_count
session: count created_time credential_uid expiration_reason expiration_time is_mfa is_remote is_vpn issuer terminal uid uid_alt uuid
software_component: author hash>fingerprint license name purl related_component relationship relationship_id type type_id version
span: duration end_time message operation parent_uid service> start_time status_code uid
sso: auth_protocol auth_protocol_id certificate> created_time duration_mins idle_timeout login_endpoint logout_endpoint metadata_endpoint modified_time name protocol_name scopes[] uid vendor_name
startup_item: driver>kernel_driver job> name process> run_mode_ids[] run_modes[] run_state run_state_id start_type start_type_id type type_id win_service>
sub_technique: name src_url uid
table: created_time desc groups[]>group modified_time name size uid
tactic: name src_url uid
technique: name src_url uid
threat_actor: name type type_id
ticket: src_url status status_details[] status_id title type type_id uid
timespan: duration duration_days duration_hours duration_mins duration_months duration_secs duration_weeks duration_years end_time start_time type type_id
tls: alert certificate> certificate_chain[] cipher client_ciphers[] extension_list[]>tls_extension handshake_dur ja3_hash>fingerprint ja3s_hash>fingerprint key_length sans[]>san server_ciphers[] sni tls_extension_list[]>tls_extension version
tls_extension: data>object type type_id
token: created_time expiration_time is_renewable modified_time name tenant_uid type type_id uid zone
trace: duration end_time flags[] service> span> start_time uid
trait: category name type uid values[]
transformation_info: lang name product> time uid url_string
unmanned_aerial_system: hw_info>device_hw_info location> model name serial_number speed speed_accuracy track_direction type type_id uid uid_alt uuid vertical_speed
unmanned_system_operating_area: aerial_height altitude_ceiling altitude_floor city continent coordinates[] count country desc end_time geodetic_altitude geodetic_vertical_accuracy geohash horizontal_accuracy is_on_premises isp lat locations[]>location long postal_code pressure_altitude provider radius region start_time type type_id
url: categories[] category_ids[] domain hostname path port query_string resource_type scheme subdomain url_string
user: account> credential_uid display_name domain email_addr forward_addr full_name groups[]>group has_mfa ldap_person> name org>organization phone_number programmatic_credentials[]>programmatic_credential risk_level risk_level_id risk_score type type_id uid uid_alt
vendor_attributes: severity severity_id
vulnerability: advisory> affected_code[]> affected_packages[]>affected_package category cve> cwe> dependency_chain desc exploit_last_seen_time exploit_ref_url exploit_requirement exploit_type first_seen_time fix_available fix_coverage fix_coverage_id is_exploit_available is_fix_available kb_article_list[]>kb_article kb_articles[] last_seen_time packages[]>package references[] related_vulnerabilities[] remediation> severity title vendor_name
web_resource: created_time data>object data_classification> data_classifications[]>data_classification desc labels[] modified_time name tags[]>key_value_object type uid uid_alt url_string
whois: autonomous_system> created_time dnssec_status dnssec_status_id domain domain_contacts[]>domain_contact email_addr isp isp_org last_seen_time name_servers[] phone_number registrar status subdomains[] subnet
win_resource: created_time data>object data_classification> data_classifications[]>data_classification details labels[] modified_time name svc_name tags[]>key_value_object type type_id uid uid_alt
win_service: cmd_line hosting_process>process_entity labels[] load_order_group name service_category service_category_id service_dependencies[] service_dll_file>file service_error_control service_error_control_id service_file>file service_start_name service_start_type service_start_type_id service_type service_type_id tags[]>key_value_object uid version
`;
