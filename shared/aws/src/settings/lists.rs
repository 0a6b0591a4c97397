//! Whole lists, page after page; every page is a request of its own and takes its turn.

use portcullis_core::baseline::Shape;
use portcullis_core::baseline::thing::{Api, What};
use portcullis_core::baseline::version::Reading;
use portcullis_core::change::ApiType;
use portcullis_core::keeper::Place;
use portcullis_core::ports::PortError;

use super::{Connection, PAGE, json, kind, thing};

impl Connection<'_> {
    pub(super) async fn rest_apis(&self, place: &Place) -> Result<Vec<Reading>, PortError> {
        let mut all = Vec::new();
        let mut position: Option<String> = None;
        loop {
            let list = || self.rest.get_rest_apis().limit(PAGE);
            let send = || list().set_position(position.clone()).send();
            let Some(mut answer) = self.call("list the REST APIs", send).await? else {
                return Ok(all);
            };
            for listed in answer.value.items() {
                let Some(id) = listed.id.clone() else {
                    continue;
                };
                let api = Api {
                    id,
                    kind: Some(ApiType::Rest),
                    name: listed.name.clone(),
                };
                let thing = thing(place, What::Api(api));
                let json = json::listed_rest_api(listed);
                all.push(answer.reading(thing, Shape::RestApi, &json)?);
            }
            position = answer.value.position.take().filter(|next| !next.is_empty());
            if position.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn v2_apis(&self, place: &Place) -> Result<Vec<Reading>, PortError> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let send = || self.v2.get_apis().set_next_token(next.clone()).send();
            let listed = self.call("list the HTTP and WebSocket APIs", send).await?;
            let Some(mut answer) = listed else {
                return Ok(all);
            };
            for listed in answer.value.items() {
                let Some(id) = listed.api_id.clone() else {
                    continue;
                };
                let api = Api {
                    id,
                    kind: kind(listed.protocol_type.as_ref()),
                    name: listed.name.clone(),
                };
                let thing = thing(place, What::Api(api));
                let json = json::listed_v2_api(listed);
                all.push(answer.reading(thing, Shape::V2Api, &json)?);
            }
            next = answer
                .value
                .next_token
                .take()
                .filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// Not paged: API Gateway allows ten stages an API.
    pub(super) async fn rest_stages(
        &self,
        place: &Place,
        api: &Api,
    ) -> Result<Vec<Reading>, PortError> {
        let send = || self.rest.get_stages().rest_api_id(&api.id).send();
        let Some(answer) = self.call("list the stages", send).await? else {
            return Ok(Vec::new());
        };
        let stages = answer.value.item().iter().filter_map(|stage| {
            let name = stage.stage_name.clone()?;
            let thing = thing(place, What::Stage(api.clone(), name));
            Some((thing, json::listed_rest_stage(stage)))
        });
        stages
            .map(|(thing, json)| answer.reading(thing, Shape::RestStage, &json))
            .collect()
    }

    pub(super) async fn v2_stages(
        &self,
        place: &Place,
        api: &Api,
    ) -> Result<Vec<Reading>, PortError> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let list = || self.v2.get_stages().api_id(&api.id);
            let send = || list().set_next_token(next.clone()).send();
            let Some(mut answer) = self.call("list the stages", send).await? else {
                return Ok(all);
            };
            for stage in answer.value.items() {
                let Some(name) = stage.stage_name.clone() else {
                    continue;
                };
                let thing = thing(place, What::Stage(api.clone(), name));
                let json = json::listed_v2_stage(stage);
                all.push(answer.reading(thing, Shape::V2Stage, &json)?);
            }
            next = answer
                .value
                .next_token
                .take()
                .filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }
}
