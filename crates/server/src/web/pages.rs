//! The table of pages. What is not here does not exist; a row without access and record does not compile.

use std::sync::Arc;

use axum::http::Method;

use super::visit::Visit;
use super::{
    accounts, affairs, applications, ask_use, assets, audit, authorities, batches, calendar, clients,
    comparison, deputies, filings, grants, help, home, installation, people, policy, seals, sign_in,
    statistics, units, uses, verify,
};
use crate::app::Service;
use crate::http::endpoints::Answer;

/// A page, or what a form of a page is sent to.
pub(crate) struct Page {
    /// Its name in logs and figures.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// Who may see it.
    pub(crate) access: Access,
    /// What it leaves in the log of acts.
    pub(crate) record: Record,
    pub(crate) handler: fn(Arc<Service>, Visit) -> Answer,
}

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without an account.
    Anyone,
    /// Everybody with a session; what they may see and do there is for the rules.
    SignedIn,
}

/// What a visit leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Nothing.
    Nothing,
    /// An entry for what was done or refused, in the same transaction.
    Act,
}

/// All pages, a table for each desk.
pub(crate) static PAGES: &[&[Page]] = &[
    EVERYBODY,
    USES,
    SEALS,
    APPLICATIONS,
    AUTHORITY,
    UNITS,
    ADMINISTRATION,
];

/// Makes a row.
macro_rules! page {
    ($operation:literal, $method:ident $path:literal, $access:ident, $record:ident, $handler:path) => {
        Page {
            operation: $operation,
            method: Method::$method,
            path: $path,
            access: Access::$access,
            record: Record::$record,
            handler: |service, visit| Box::pin($handler(service, visit)),
        }
    };
}

#[rustfmt::skip]
const EVERYBODY: &[Page] = &[
    page!("page_home", GET "/", Anyone, Nothing, home::show),
    page!("page_asset", GET "/assets/{name}", Anyone, Nothing, assets::show),
    page!("page_language", POST "/language", Anyone, Nothing, sign_in::language),
    page!("page_sign_in", GET "/sign-in", Anyone, Nothing, sign_in::show),
    page!("page_sign_in_send", POST "/sign-in", Anyone, Act, sign_in::send),
    page!("page_sign_out", POST "/sign-out", Anyone, Act, sign_in::out),
    page!("page_verify", GET "/verify", Anyone, Nothing, verify::show),
    page!("page_verify_send", POST "/verify", Anyone, Nothing, verify::send),
    page!("page_verified", GET "/verify/{verified}", Anyone, Nothing, verify::result),
    page!("page_verified_page", GET "/verify/{verified}/pages/{number}", Anyone, Nothing, verify::picture),
    page!("page_verified_json", GET "/verify/{verified}/report.json", Anyone, Nothing, verify::json_report),
    page!("page_verified_html", GET "/verify/{verified}/report.html", Anyone, Nothing, verify::html_report),
    page!("page_lookup", GET "/lookup", Anyone, Nothing, verify::lookup),
    page!("page_help", GET "/help", Anyone, Nothing, help::show),
];

#[rustfmt::skip]
const USES: &[Page] = &[
    page!("page_uses", GET "/uses", SignedIn, Nothing, uses::list),
    page!("page_use_choose", GET "/uses/new", SignedIn, Nothing, ask_use::choose),
    page!("page_use_bring", POST "/uses/new", SignedIn, Act, ask_use::bring),
    page!("page_use_ask", GET "/uses/new/{document}", SignedIn, Nothing, ask_use::ask),
    page!("page_use_request", POST "/uses/new/{document}", SignedIn, Act, ask_use::request),
    page!("page_use_preview", POST "/uses/new/{document}/preview", SignedIn, Nothing, ask_use::preview),
    page!("page_document_page", GET "/documents/{document}/pages/{number}", SignedIn, Nothing, ask_use::own_picture),
    page!("page_batch_new", GET "/uses/batch", SignedIn, Nothing, batches::new),
    page!("page_batch_request", POST "/uses/batch", SignedIn, Act, batches::request),
    page!("page_batch_stamp", POST "/uses/{use}/batch", SignedIn, Act, batches::stamp),
    page!("page_batch_item", GET "/uses/{use}/items/{item}", SignedIn, Nothing, batches::item),
    page!("page_batch_item_page", GET "/uses/{use}/items/{item}/pages/{number}", SignedIn, Nothing, batches::picture),
    page!("page_use", GET "/uses/{use}", SignedIn, Nothing, uses::show),
    page!("page_use_page", GET "/uses/{use}/pages/{number}", SignedIn, Nothing, uses::picture),
    page!("page_use_approve", POST "/uses/{use}/approve", SignedIn, Act, uses::approve),
    page!("page_use_decline", POST "/uses/{use}/decline", SignedIn, Act, uses::decline),
    page!("page_use_withdraw", POST "/uses/{use}/withdraw", SignedIn, Act, uses::withdraw),
    page!("page_use_stamp", POST "/uses/{use}/stamp", SignedIn, Act, uses::stamp),
    page!("page_use_sealed", GET "/uses/{use}/records/{record}/sealed", SignedIn, Nothing, uses::sealed),
    page!("page_use_proof", GET "/uses/{use}/records/{record}/proof", SignedIn, Nothing, uses::proof),
    page!("page_policy", GET "/policies/{unit}", SignedIn, Nothing, policy::show),
    page!("page_policy_adopt", POST "/policies/{unit}", SignedIn, Act, policy::adopt),
];

#[rustfmt::skip]
const SEALS: &[Page] = &[
    page!("page_seals", GET "/seals", SignedIn, Nothing, seals::list),
    page!("page_seal", GET "/seals/{seal}", SignedIn, Nothing, seals::show),
    page!("page_seal_picture", GET "/seals/{seal}/picture", SignedIn, Nothing, seals::picture),
    page!("page_seal_collect", POST "/seals/{seal}/collect", SignedIn, Act, seals::collect),
    page!("page_seal_pin", POST "/seals/{seal}/pin", SignedIn, Act, seals::change_pin),
    page!("page_seal_custody", POST "/seals/{seal}/custody", SignedIn, Act, seals::custody),
    page!("page_affairs", GET "/seals/{seal}/affairs", SignedIn, Nothing, affairs::list),
    page!("page_affair", GET "/seals/{seal}/affairs/{affair}", SignedIn, Nothing, affairs::show),
    page!("page_affair_draft", POST "/seals/{seal}/affairs/{affair}", SignedIn, Act, affairs::draft),
];

#[rustfmt::skip]
const APPLICATIONS: &[Page] = &[
    page!("page_applications", GET "/applications", SignedIn, Nothing, applications::list),
    page!("page_application_new", GET "/applications/new", SignedIn, Nothing, applications::new),
    page!("page_application_draft", POST "/applications/new", SignedIn, Act, applications::draft),
    page!("page_application", GET "/applications/{application}", SignedIn, Act, applications::show),
    page!("page_material_add", POST "/applications/{application}/materials", SignedIn, Act, applications::add_material),
    page!("page_material", GET "/applications/{application}/materials/{digest}", SignedIn, Act, applications::material),
    page!("page_comparison_picture", GET "/applications/{application}/comparison/{picture}", SignedIn, Act, comparison::report_picture),
    page!("page_impression", GET "/applications/{application}/impressions/{digest}", SignedIn, Act, applications::impression),
    page!("page_application_step", POST "/applications/{application}/steps", SignedIn, Act, applications::step),
    page!("page_compare", POST "/applications/{application}/comparison", SignedIn, Act, comparison::compare),
    page!("page_beside", POST "/applications/{application}/beside", SignedIn, Act, comparison::beside),
    page!("page_make", POST "/applications/{application}/making", SignedIn, Act, applications::make),
];

#[rustfmt::skip]
const ADMINISTRATION: &[Page] = &[
    page!("page_accounts", GET "/accounts", SignedIn, Nothing, accounts::list),
    page!("page_account_new", GET "/accounts/new", SignedIn, Nothing, accounts::new),
    page!("page_person_register", POST "/accounts/new", SignedIn, Act, accounts::register),
    page!("page_account", GET "/accounts/{person}", SignedIn, Nothing, accounts::show),
    page!("page_account_appoint", POST "/accounts/{person}/appoint", SignedIn, Act, accounts::appoint),
    page!("page_account_dismiss", POST "/accounts/{person}/dismiss", SignedIn, Act, accounts::dismiss),
    page!("page_account_block", POST "/accounts/{person}/block", SignedIn, Act, accounts::block),
    page!("page_account_unblock", POST "/accounts/{person}/unblock", SignedIn, Act, accounts::unblock),
    page!("page_account_open", POST "/accounts/{person}/open", SignedIn, Act, accounts::open),
    page!("page_account_reset", POST "/accounts/{person}/reset", SignedIn, Act, accounts::reset),
    page!("page_account_close", POST "/accounts/{person}/close", SignedIn, Act, accounts::close),
    page!("page_account_sessions_end", POST "/accounts/{person}/sessions", SignedIn, Act, accounts::end_sessions),
    page!("page_clients", GET "/clients", SignedIn, Nothing, clients::list),
    page!("page_client_new", GET "/clients/new", SignedIn, Nothing, clients::new),
    page!("page_client_enter", POST "/clients/new", SignedIn, Act, clients::enter),
    page!("page_client", GET "/clients/{client}", SignedIn, Nothing, clients::show),
    page!("page_client_rename", POST "/clients/{client}/rename", SignedIn, Act, clients::rename),
    page!("page_client_networks", POST "/clients/{client}/networks", SignedIn, Act, clients::set_networks),
    page!("page_client_certificate", POST "/clients/{client}/certificate", SignedIn, Act, clients::renew),
    page!("page_client_block", POST "/clients/{client}/block", SignedIn, Act, clients::block),
    page!("page_authorities", GET "/authorities", SignedIn, Nothing, authorities::list),
    page!("page_authority", GET "/authorities/{authority}", SignedIn, Nothing, authorities::show),
    page!("page_authority_below", POST "/authorities/{authority}/below", SignedIn, Act, authorities::establish),
    page!("page_authority_designation", POST "/authorities/{authority}/designation", SignedIn, Act, authorities::designate),
    page!("page_authority_rename", POST "/authorities/{authority}/rename", SignedIn, Act, authorities::rename),
    page!("page_authority_profile", POST "/authorities/{authority}/profile", SignedIn, Act, authorities::set_profile),
    page!("page_authority_close", POST "/authorities/{authority}/close", SignedIn, Act, authorities::close),
    page!("page_profiles", GET "/profiles", SignedIn, Nothing, authorities::profiles),
    page!("page_profile", GET "/profiles/{profile}", SignedIn, Nothing, authorities::profile),
    page!("page_installation", GET "/installation", SignedIn, Nothing, installation::show),
    page!("page_audit", GET "/audit", SignedIn, Act, audit::explore),
    page!("page_audit_entry", GET "/audit/entries/{index}", SignedIn, Act, audit::entry),
    page!("page_audit_checkpoints", GET "/audit/checkpoints", SignedIn, Nothing, audit::checkpoints),
    page!("page_audit_export", GET "/audit/export", SignedIn, Act, audit::export),
    page!("page_audit_check", POST "/audit/check", SignedIn, Act, audit::check),
];

#[rustfmt::skip]
const AUTHORITY: &[Page] = &[
    page!("page_filings", GET "/filings", SignedIn, Nothing, filings::list),
    page!("page_filing_retry", POST "/filings/{filing}/retry", SignedIn, Act, filings::retry),
    page!("page_calendar", GET "/calendar", SignedIn, Nothing, calendar::show),
    page!("page_statistics", GET "/statistics", SignedIn, Nothing, statistics::show),
];

#[rustfmt::skip]
const UNITS: &[Page] = &[
    page!("page_units", GET "/units", SignedIn, Nothing, units::list),
    page!("page_unit_new", GET "/units/new", SignedIn, Nothing, units::new),
    page!("page_unit_register", POST "/units/new", SignedIn, Act, units::register),
    page!("page_unit", GET "/units/{unit}", SignedIn, Nothing, units::show),
    page!("page_unit_change", POST "/units/{unit}/changes", SignedIn, Act, units::change),
    page!("page_unit_people", POST "/units/{unit}/people", SignedIn, Act, people::change),
    page!("page_deputies", GET "/units/{unit}/deputies", SignedIn, Nothing, deputies::show),
    page!("page_deputies_change", POST "/units/{unit}/deputies", SignedIn, Act, deputies::change),
    page!("page_grants", GET "/units/{unit}/grants", SignedIn, Nothing, grants::list),
    page!("page_grant_apply", POST "/units/{unit}/grants", SignedIn, Act, grants::apply),
    page!("page_grant", GET "/grants/{grant}", SignedIn, Nothing, grants::show),
    page!("page_grant_step", POST "/grants/{grant}/steps", SignedIn, Act, grants::step),
    page!("page_grant_open", POST "/grants/{grant}/opening", SignedIn, Act, grants::open),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn pages() -> impl Iterator<Item = &'static Page> {
        PAGES.iter().copied().flatten()
    }

    #[test]
    fn pages_are_unique() {
        let names: BTreeSet<_> = pages().map(|page| page.operation).collect();
        let routes: BTreeSet<_> = pages().map(|page| (page.path, page.method.as_str())).collect();
        assert_eq!((names.len(), routes.len()), (pages().count(), pages().count()));
    }

    #[test]
    fn what_is_only_looked_at_needs_get_and_what_everybody_may_send_is_known() {
        for page in pages() {
            let open = page.access == Access::Anyone && page.method == Method::POST;
            let known = [
                "page_language",
                "page_sign_in_send",
                "page_sign_out",
                "page_verify_send",
            ];
            assert!(
                !open || known.contains(&page.operation),
                "{} is open to everybody",
                page.operation
            );
        }
    }
}
