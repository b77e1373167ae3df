"""The landed tables and their columns, as a connector names them; `_fivetran_synced` comes last."""

from __future__ import annotations

SHAPES: dict[str, str] = {
    "salesforce.user": "id name email is_active manager_id _fivetran_deleted",
    "salesforce.account": (
        "id name type industry number_of_employees annual_revenue parent_id owner_id website "
        "billing_country account_number master_record_id is_deleted created_date segment_c "
        "region_c is_key_account_c no_nps_form_c arr_c seats_c renewal_date_c renewal_status_c"
    ),
    "salesforce.account_history": (
        "id segment_c region_c owner_id parent_id industry is_deleted renewal_status_c "
        "renewal_date_c _fivetran_start _fivetran_end _fivetran_active"
    ),
    "salesforce.contact": (
        "id account_id email name first_name last_name title department contact_role_c "
        "is_champion_c no_longer_at_company_c left_date_c has_opted_out_of_email owner_id "
        "is_deleted master_record_id created_date"
    ),
    "salesforce.contact_history": (
        "id account_id email title contact_role_c owner_id is_deleted _fivetran_start "
        "_fivetran_end _fivetran_active"
    ),
    "salesforce.account_contact_role": (
        "id account_id contact_id role is_primary created_date is_deleted"
    ),
    "salesforce.opportunity": (
        "id account_id name amount stage_name type probability forecast_category is_closed "
        "is_won close_date created_date owner_id is_deleted"
    ),
    "salesforce.opportunity_contact_role": (
        "id opportunity_id contact_id role is_primary created_date is_deleted"
    ),
    "salesforce.task": (
        "id account_id who_id what_id owner_id subject type task_subtype call_type status "
        "priority is_closed is_automated_c activity_date created_date completed_date_time "
        "is_deleted"
    ),
    "salesforce.root_cause_analysis_c": (
        "id name account_c response_id_c department_c root_cause_c opened_date_c target_days_c "
        "closed_date_c fix_verified_c is_deleted created_date"
    ),
    "salesforce.event": (
        "id account_id who_id what_id owner_id subject type event_subtype activity_date "
        "activity_date_time start_date_time end_date_time description qbr_rating_c is_deleted "
        "created_date"
    ),
    "qualtrics.survey": (
        "id survey_name survey_status project_category project_type owner_id is_active "
        "last_activated last_modified _fivetran_deleted"
    ),
    "qualtrics.survey_version": (
        "id survey_id version_number published was_published creation_date user_id "
        "_fivetran_deleted"
    ),
    "qualtrics.question": (
        "id survey_id question_type selector sub_selector question_text data_export_tag "
        "_fivetran_deleted"
    ),
    "qualtrics.question_option": "key question_id survey_id recode_value text _fivetran_deleted",
    "qualtrics.survey_response": (
        "id survey_id start_date end_date recorded_date last_modified_date finished progress "
        "duration_in_seconds status distribution_channel recipient_email user_language"
    ),
    "qualtrics.question_response": (
        "_fivetran_id response_id question_id question question_option_key value text"
    ),
    "qualtrics.survey_embedded_data": "import_id key response_id value",
    "qualtrics.distribution": (
        "id survey_link_survey_id request_type request_status parent_distribution_id "
        "recipient_mailing_list_id owner_id header_subject send_date created_date modified_date "
        "survey_link_expiration_date _fivetran_deleted"
    ),
    "qualtrics.distribution_contact": (
        "contact_id contact_lookup_id distribution_id status sent_at opened_at "
        "response_started_at response_completed_at response_id"
    ),
    "qualtrics.directory_contact": (
        "id directory_id email email_domain ext_ref first_name last_name language creation_date "
        "last_modified directory_unsubscribed directory_unsubscribe_date"
    ),
    "qualtrics.contact_mailing_list_membership": (
        "contact_lookup_id contact_id directory_id mailing_list_id name owner_id unsubscribed "
        "unsubscribe_date"
    ),
    "qualtrics.ticket": (
        "id survey_response_id status priority root_cause owner_name team_name created_at "
        "updated_at closed_at _fivetran_deleted"
    ),
    "zendesk.schedule": (
        "id name start_time end_time start_time_utc end_time_utc time_zone created_at "
        "_fivetran_deleted"
    ),
    "zendesk.schedule_holiday": "id schedule_id name start_date end_date _fivetran_deleted",
    "zendesk.time_zone": "time_zone standard_offset",
    "zendesk.daylight_time": "time_zone year daylight_start_utc daylight_end_utc daylight_offset",
    "zendesk.sla_policy_metric_history": (
        "index sla_policy_id sla_policy_updated_at metric priority target business_hours"
    ),
    "zendesk.group": "id name created_at updated_at _fivetran_deleted",
    "zendesk.organization": "id name external_id created_at updated_at _fivetran_deleted",
    "zendesk.user": (
        "id name email role external_id organization_id active suspended time_zone created_at "
        "updated_at"
    ),
    "zendesk.ticket": (
        "id subject description status priority type via_channel requester_id submitter_id "
        "assignee_id group_id organization_id custom_topic is_public has_incidents "
        "merged_ticket_ids created_at updated_at _fivetran_deleted"
    ),
    "zendesk.ticket_field_history": "field_name ticket_id updated value user_id",
    "zendesk.ticket_comment": "id ticket_id user_id body public created voice_comment via_channel",
    "zendesk.satisfaction_rating": (
        "id ticket_id requester_id assignee_id group_id score comment reason created_at updated_at"
    ),
    "zendesk.ticket_schedule": "ticket_id schedule_id created_at",
    "zendesk.ticket_sla_policy": "ticket_id sla_policy_id policy_applied_at",
    "zendesk.ticket_tag": "tag ticket_id",
    "pendo.group": "id name last_updated_at",
    "pendo.feature_history": (
        "id name group_id page_id is_core_event created_at last_updated_at valid_through"
    ),
    "pendo.page_history": "id name group_id created_at last_updated_at valid_through",
    "pendo.account_history": (
        "id last_updated_at first_visit last_visit metadata_crm_account_id "
        "metadata_modules_entitled"
    ),
    "pendo.visitor_history": (
        "id last_updated_at account_id first_visit last_visit metadata_email last_browser_name"
    ),
    "pendo.visitor_account_history": "account_id visitor_id visitor_last_updated_at",
    "pendo.event": "_fivetran_id visitor_id account_id app_id timestamp num_events num_minutes",
    "pendo.feature_event": (
        "_fivetran_id visitor_id account_id app_id feature_id timestamp num_events num_minutes"
    ),
    "pendo.page_event": (
        "_fivetran_id visitor_id account_id app_id page_id timestamp num_events num_minutes"
    ),
    "stripe.customer": "id name email currency created delinquent is_deleted livemode metadata",
    "stripe.subscription_history": (
        "id customer_id status created start_date current_period_start current_period_end "
        "cancel_at_period_end canceled_at ended_at quantity cancellation_details_reason "
        "cancellation_details_feedback cancellation_details_comment _fivetran_start "
        "_fivetran_end _fivetran_active"
    ),
    "stripe.subscription_item": "id subscription_id plan_id quantity",
    "stripe.product": "id name active",
    "stripe.price": (
        "id product_id unit_amount currency recurring_interval recurring_interval_count type active"
    ),
    "stripe.invoice": (
        "id customer_id subscription_id status amount_due amount_paid subtotal total tax "
        "currency created period_start period_end due_date status_transitions_finalized_at "
        "status_transitions_paid_at paid attempt_count billing_reason is_deleted"
    ),
    "generic.teams": "team_id team_name department parent_team_id support_team_ref",
    "generic.employees": (
        "employee_id team_id email job_title manager_id hired_at left_at valid_from valid_to"
    ),
}
