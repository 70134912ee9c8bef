"""What was paid can be returned by the bank, and the account it went to remembers that."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payouts', '0007_history_of_buyers'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='payout',
            name='payout_state',
        ),
        migrations.RemoveConstraint(
            model_name='payout',
            name='payout_finished',
        ),
        migrations.AddField(
            model_name='payoutaccount',
            name='returned_at',
            field=models.DateTimeField(help_text='when its bank sent money back, until its owner says that it is right', null=True),
        ),
        migrations.AddField(
            model_name='payoutaccount',
            name='returned_why',
            field=models.CharField(db_default='', default='', max_length=200),
        ),
        migrations.AlterField(
            model_name='payout',
            name='state',
            field=models.CharField(choices=[('asked', 'asked'), ('held', 'held'), ('approved', 'approved'), ('sending', 'sending'), ('paid', 'paid'), ('returned', 'returned'), ('failed', 'failed'), ('cancelled', 'cancelled')], max_length=10),
        ),
        AddConstraintNotValid(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'held', 'approved', 'sending', 'paid', 'returned', 'failed', 'cancelled'])), name='payout_state'),
        ),
        AddConstraintNotValid(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('state__in', ['asked', 'held', 'approved', 'sending'])), models.Q(('finished_at__isnull', False), ('state__in', ['paid', 'returned', 'failed', 'cancelled'])), _connector='OR'), name='payout_finished'),
        ),
    ]
